using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Plugboard.Linux.Files;

/// <summary>
/// A flock(2) on an open file or directory, exclusive or shared, with a timeout. It ends when it is disposed or the process dies.
/// A free lock costs one call; only a busy one costs a thread, which waits in the kernel's own queue, first come, first served.
/// </summary>
public sealed class FileLock : IDisposable
{
    private readonly FileDescriptor file;

    private FileLock(FileDescriptor file) => this.file = file;

    /// <summary>
    /// Takes the lock on <paramref name="file"/>, which the lock then owns, and waits for it as long as <paramref name="timeout"/>.
    /// </summary>
    /// <exception cref="FileLockTimeoutException">Someone else held it all the time.</exception>
    public static FileLock Take(FileDescriptor file, TimeSpan timeout)
    {
        Lock(file, LibC.File.LOCK_EX, timeout);
        return new FileLock(file);
    }

    /// <summary>Takes the lock if it is free. Null if another process holds it; then the file stays with the caller.</summary>
    public static FileLock? TryTake(FileDescriptor file) => TryLock(file, LibC.File.LOCK_EX) ? new FileLock(file) : null;

    /// <summary>As <see cref="TryTake(FileDescriptor)"/>, but waits for the lock as long as <paramref name="timeout"/>.</summary>
    public static FileLock? TryTake(FileDescriptor file, TimeSpan timeout)
    {
        var free = TryTake(file);
        if (free is not null || timeout <= TimeSpan.Zero)
            return free;
        try
        {
            return Take(file, timeout);
        }
        catch (FileLockTimeoutException)
        {
            return null;
        }
    }

    /// <summary>As <see cref="TryTake(FileDescriptor)"/>, shared.</summary>
    public static FileLock? TryTakeShared(FileDescriptor file) => TryLock(file, LibC.File.LOCK_SH) ? new FileLock(file) : null;

    /// <summary>Takes the lock, shared; otherwise as <see cref="Take"/>.</summary>
    public static FileLock TakeShared(FileDescriptor file, TimeSpan timeout)
    {
        Lock(file, LibC.File.LOCK_SH, timeout);
        return new FileLock(file);
    }

    /// <summary>
    /// Makes a shared lock exclusive. It is let go for a moment on the way (flock(2)): what was read under the shared lock must be read
    /// again.
    /// </summary>
    public void MakeExclusive(TimeSpan timeout) => Lock(file, LibC.File.LOCK_EX, timeout);

    /// <summary>Makes the lock exclusive if no other process has it; else releases it and returns false.</summary>
    public bool TryMakeExclusive() => TryLock(file, LibC.File.LOCK_EX);

    private static void Lock(FileDescriptor file, int operation, TimeSpan timeout)
    {
        if (!TryLock(file, operation))
            Wait(file, operation, timeout);
    }

    private static bool TryLock(FileDescriptor file, int operation)
    {
        if (LibC.File.Flock(file.Number, operation | LibC.File.LOCK_NB) == 0)
            return true;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        return errno == Errno.EAGAIN ? false : throw new ErrnoException("flock", file.Path, errno);
    }

    private static void Wait(FileDescriptor file, int operation, TimeSpan timeout)
    {
        var number = file.Number;
        var result = Errno.EINTR;
        var waiter = new Thread(() =>
        {
            while (result == Errno.EINTR)
                result = LibC.File.Flock(number, operation) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
        })
        {
            IsBackground = true,
        };
        waiter.Start();
        if (!waiter.Join(timeout))
            throw new FileLockTimeoutException(file.Path, timeout, FindHolder(file));
        if (result != Errno.None)
            throw new ErrnoException("flock", file.Path, result);
    }

    // proc_locks(5): "1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF", device in hex, inode in decimal. Where the filesystem's
    // device differs from statx's (overlayfs, btrfs) the inode alone decides.
    private static int? FindHolder(FileDescriptor file)
    {
        using var locks = FileDescriptor.FindKernelFile("/proc/locks");
        if (locks is null)
            return null;
        var inode = ":" + file.Status().Inode.ToString(CultureInfo.InvariantCulture);
        foreach (var line in Encoding.ASCII.GetString(locks.ReadToEnd(int.MaxValue)).Split('\n'))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (
                words.Length >= 6
                && words[1] == "FLOCK"
                && words[5].EndsWith(inode, StringComparison.Ordinal)
                && int.TryParse(words[4], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            )
                return pid;
        }

        return null;
    }

    /// <summary>Gives the lock back and closes the file.</summary>
    public void Dispose() => file.Dispose();
}
