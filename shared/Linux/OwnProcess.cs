using System.Globalization;
using System.Text;
using Plugboard.Linux.Children;
using Plugboard.Linux.Files;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux;

/// <summary>Settings that a process makes for itself before it works for a caller that waits for the end of its streams.</summary>
public static class OwnProcess
{
    /// <summary>
    /// Standard error leads nowhere from now on, no descriptor that was inherited passes to children, and 0, 1 and 2 are open, so that no
    /// file opened later is taken for one of them. Where there is no /dev/null, as in an empty root, standard error stays.
    /// </summary>
    public static void Silence()
    {
        _ = Process.CloseRange(3, uint.MaxValue, Process.CLOSE_RANGE_CLOEXEC);
        while (true)
        {
            var fd = LibC.File.OpenAt(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
            if (fd < 0)
                return;
            if (fd <= 2)
                continue;
            _ = dup2(fd, 2);
            _ = close(fd);
            return;
        }
    }

    /// <summary>
    /// Takes the places of those of 0, 1 and 2 that were closed, so that no file or socket opened later gets one of these numbers and what
    /// is said lands in it. Reading and writing them fails as before (EBADF): what takes the place is the root directory as a place
    /// (O_PATH).
    /// </summary>
    public static unsafe void TakeClosedStreams()
    {
        var streams = stackalloc Process.PollFd[3];
        for (var i = 0; i < 3; i++)
            streams[i] = new Process.PollFd { Fd = i };
        if (Process.Poll(streams, 3, 0) <= 0)
            return;
        // The lowest free number is the next to be given.
        for (var i = 0; i < 3; i++)
        {
            if ((streams[i].Revents & POLLNVAL) != 0)
                _ = LibC.File.OpenAt(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        }
    }

    /// <summary>
    /// A write beyond the limit of file sizes (RLIMIT_FSIZE) is EFBIG from now on, which can be reported; SIGXFSZ would end the process
    /// without a word. Source: setrlimit(2).
    /// </summary>
    public static void OutliveFileSizeLimit() => _ = Signal.Set(Signal.SIGXFSZ, Signal.SIG_IGN);

    /// <summary>The limit of file sizes in bytes; null: none.</summary>
    public static unsafe ulong? FindFileSizeLimit()
    {
        const int RLIMIT_FSIZE = 1;
        var limits = stackalloc ulong[2];
        return Process.GetRLimit(RLIMIT_FSIZE, limits) == 0 && limits[0] != ulong.MaxValue ? limits[0] : null;
    }

    /// <summary>Files and directories that are made from now on are writable for their owner only, whatever the caller's umask.</summary>
    public static void SetUmask() => _ = umask(0x12);

    /// <summary>True for a process that may do what root may, as far as its capabilities go.</summary>
    public static bool IsRoot => geteuid() == 0;

    /// <summary>The user whose rights it has.</summary>
    public static uint EffectiveUser => geteuid();

    /// <summary>
    /// Overwrites the arguments of this process that contain <paramref name="marker"/>: then /proc/PID/cmdline, which every user may read,
    /// no longer shows them. The runtime has its own copy. Without /proc it has no effect, and then no process can read them either.
    /// </summary>
    public static unsafe void EraseArguments(ReadOnlySpan<byte> marker)
    {
        if (FindArguments() is not var (start, end))
            return;
        var memory = new Span<byte>((byte*)start, (int)(end - start));
        while (!memory.IsEmpty)
        {
            var length = memory.IndexOf((byte)0);
            var argument = length < 0 ? memory : memory[..length];
            if (argument.IndexOf(marker) >= 0)
                argument.Fill((byte)'*');
            memory = length < 0 ? [] : memory[(length + 1)..];
        }
    }

    // proc_pid_stat(5): arg_start and arg_end, fields 48 and 49 (Linux 3.5); the second field, the command's name, may hold blanks and
    // brackets.
    private static (nuint Start, nuint End)? FindArguments()
    {
        const int AfterName = 3;
        using var file = FileDescriptor.FindKernelFile("/proc/self/stat");
        if (file is null)
            return null;
        var text = Encoding.ASCII.GetString(file.ReadToEnd());
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return
            fields.Length > 49 - AfterName
            && nuint.TryParse(fields[48 - AfterName], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            && nuint.TryParse(fields[49 - AfterName], NumberStyles.None, CultureInfo.InvariantCulture, out var end)
            && start > 0
            && end > start
            ? (start, end)
            : null;
    }

    /// <summary>
    /// This process goes on as another executable, with its environment, streams and process id (execv(3)). It returns only by an
    /// exception.
    /// </summary>
    /// <exception cref="ErrnoException">It cannot be executed.</exception>
    public static unsafe void Become(string path, IEnumerable<string> arguments)
    {
        using var argv = new CStringArray([path, .. arguments]);
        _ = Process.ExecV(path, argv.Pointer);
        throw ErrnoException.Last("execv", path);
    }

    /// <summary>The calling thread waits, for what no notification reports.</summary>
    public static unsafe void Pause(int milliseconds) => _ = Process.Poll(null, 0, milliseconds);

    /// <summary>
    /// Makes the kernel end this process after that time, even while it waits for a server: no other process may be left to do it.
    /// </summary>
    public static void EndAfter(TimeSpan time) => _ = alarm((uint)Math.Ceiling(time.TotalSeconds));
}
