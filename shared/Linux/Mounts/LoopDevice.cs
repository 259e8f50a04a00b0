using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Linux.Files;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Mounts;

/// <summary>
/// A file as a block device. It is made with LO_FLAGS_AUTOCLEAR: the kernel frees it when the last mount of it and this object are gone, so
/// it leaks nothing whatever ends the process. The kernel binds two devices to one file without a word, and two filesystems on one image
/// destroy it: look with <see cref="Find"/> first, under a lock. Source: loop(4); include/uapi/linux/loop.h.
/// </summary>
public sealed unsafe class LoopDevice : IDisposable
{
    private const int Attempts = 64;

    private readonly FileDescriptor device;

    private LoopDevice(FileDescriptor device) => this.device = device;

    /// <summary>Its path, such as <c>/dev/loop3</c>.</summary>
    public string Path => device.Path;

    /// <summary>Its content, for reading; open until the disposal.</summary>
    public FileDescriptor Content => device;

    /// <summary>
    /// The device whose file is <paramref name="image"/>, by device and inode, not by name; null if absent. It exists at least until the
    /// disposal.
    /// </summary>
    public static LoopDevice? Find(FileDescriptor image)
    {
        var wanted = image.Status();
        foreach (var name in InUse())
        {
            if (TryOpen(name) is not { } found)
                continue;
            if (found.IsOf(wanted))
                return found;
            found.Dispose();
        }

        return null;
    }

    /// <summary>Binds a free device to a file.</summary>
    /// <param name="image">The file, open for reading and, unless the device is read-only, for writing.</param>
    /// <param name="name">The file's path, for people: the first 63 bytes are shown by losetup(8).</param>
    /// <param name="options">How.</param>
    /// <exception cref="ErrnoException">It could not be: EINVAL where the file's filesystem cannot do direct I/O.</exception>
    public static LoopDevice Attach(FileDescriptor image, string name, LoopOptions options)
    {
        using var control = FileDescriptor.Open(null, "/dev/loop-control", O_RDWR, 0);
        for (var attempt = 1; ; attempt++)
        {
            var number = Loop.Ioctl(control.Number, Loop.LOOP_CTL_GET_FREE, (nint)0);
            if (number < 0)
                throw ErrnoException.Last("LOOP_CTL_GET_FREE", control.Path);
            var free = OpenOrMake(number);
            var errno = free.Configure(image, name, options);
            if (errno == Errno.None)
                return free;
            free.Dispose();
            // EBUSY: another process took the free one first.
            if (errno != Errno.EBUSY || attempt == Attempts)
                throw new ErrnoException("LOOP_CONFIGURE", free.Path, errno);
        }
    }

    /// <summary>Opens a device by its path, such as a mount's source; null if it is no loop device that has a file.</summary>
    public static LoopDevice? FindByPath(string path)
    {
        if (!path.StartsWith("/dev/loop", StringComparison.Ordinal) || TryOpen(path["/dev/".Length..]) is not { } found)
            return null;
        if (found.TryGetInfo(out _))
            return found;
        found.Dispose();
        return null;
    }

    /// <summary>All devices that have a file.</summary>
    public static IReadOnlyList<LoopBacking> List()
    {
        var all = new List<LoopBacking>();
        foreach (var name in InUse())
        {
            if (FindBacking(name) is { } file)
                all.Add(new LoopBacking("/dev/" + name, file));
        }

        return all;
    }

    // Another process may end the device between the list and the reading: then sysfs(5) answers ENODEV.
    private static string? FindBacking(string name)
    {
        try
        {
            using var file = FileDescriptor.FindKernelFile($"/sys/block/{name}/loop/backing_file");
            return file is null ? null : Encoding.UTF8.GetString(file.ReadToEnd()).TrimEnd('\n');
        }
        catch (ErrnoException e) when (e.Errno == Errno.ENODEV)
        {
            return null;
        }
    }

    /// <summary>Makes the device as large as its file has become.</summary>
    public void UpdateCapacity()
    {
        if (Loop.Ioctl(device.Number, Loop.LOOP_SET_CAPACITY, (nint)0) < 0)
            throw ErrnoException.Last("LOOP_SET_CAPACITY", Path);
    }

    /// <summary>Frees the device: at once if it is unused, else when its last user is gone.</summary>
    public void Detach()
    {
        if (
            Loop.Ioctl(device.Number, Loop.LOOP_CLR_FD, (nint)0) < 0
            && (Errno)Marshal.GetLastPInvokeError() is var errno
            && errno != Errno.ENXIO
        )
            throw new ErrnoException("LOOP_CLR_FD", Path, errno);
    }

    /// <summary>True if this device's file is <paramref name="image"/>.</summary>
    public bool IsOf(FileStatus image) =>
        TryGetInfo(out var info) && info.lo_inode == image.Inode && info.lo_device == Encode(image.Device);

    /// <summary>True if nothing can be written to it.</summary>
    public bool IsReadOnly => TryGetInfo(out var info) && (info.lo_flags & Loop.LO_FLAGS_READ_ONLY) != 0;

    private static List<string> InUse()
    {
        var names = new List<string>();
        using var block = FileDirectory.Find("/sys/block");
        foreach (var name in block?.ReadNames() ?? [])
        {
            if (name.StartsWith("loop", StringComparison.Ordinal) && FileDescriptor.FindStatus($"/sys/block/{name}/loop") is not null)
                names.Add(name);
        }

        return names;
    }

    private static LoopDevice? TryOpen(string name)
    {
        var opened = FileDescriptor.TryOpen(null, "/dev/" + name, O_RDONLY, 0, out var errno);
        if (opened is null && errno is not (Errno.ENOENT or Errno.ENXIO or Errno.ENODEV))
            throw new ErrnoException("open", "/dev/" + name, errno);
        return opened is null ? null : new LoopDevice(opened);
    }

    // devtmpfs may be without the node (util-linux#3197), and a private /dev does not get nodes that the kernel creates later.
    private static LoopDevice OpenOrMake(int number)
    {
        var path = "/dev/loop" + number.ToString(CultureInfo.InvariantCulture);
        var opened = FileDescriptor.TryOpen(null, path, O_RDWR, 0, out var errno);
        if (opened is null && errno == Errno.ENOENT)
        {
            const uint BlockDevice = 0x6000 | 0x180;
            _ = LibC.File.MkNodAt(AT_FDCWD, path, BlockDevice, Encode(((ulong)Loop.LOOP_MAJOR << 32) | (uint)number));
            opened = FileDescriptor.TryOpen(null, path, O_RDWR, 0, out errno);
        }

        return opened is null ? throw new ErrnoException("open", path, errno) : new LoopDevice(opened);
    }

    private Errno Configure(FileDescriptor image, string name, LoopOptions options)
    {
        var config = new Loop.LoopConfig { fd = (uint)image.Number };
        config.info.lo_flags =
            Loop.LO_FLAGS_AUTOCLEAR | (options.ReadOnly ? Loop.LO_FLAGS_READ_ONLY : 0) | (options.DirectIO ? Loop.LO_FLAGS_DIRECT_IO : 0);
        var bytes = Encoding.UTF8.GetBytes(name);
        bytes.AsSpan(0, Math.Min(bytes.Length, Loop.LO_NAME_SIZE - 1)).CopyTo(new Span<byte>(config.info.lo_file_name, Loop.LO_NAME_SIZE));
        if (Loop.Ioctl(device.Number, Loop.LOOP_CONFIGURE, &config) == 0)
            return Errno.None;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        // Linux before 5.8: two steps.
        return errno is Errno.EINVAL or Errno.ENOTTY && !options.DirectIO ? ConfigureInSteps(&config) : errno;
    }

    private Errno ConfigureInSteps(Loop.LoopConfig* config)
    {
        if (Loop.Ioctl(device.Number, Loop.LOOP_SET_FD, (nint)config->fd) < 0)
            return (Errno)Marshal.GetLastPInvokeError();
        if (Loop.Ioctl(device.Number, Loop.LOOP_SET_STATUS64, &config->info) == 0)
            return Errno.None;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        Detach();
        return errno;
    }

    private bool TryGetInfo(out Loop.LoopInfo64 info)
    {
        fixed (Loop.LoopInfo64* p = &info)
            return Loop.Ioctl(device.Number, Loop.LOOP_GET_STATUS64, p) == 0;
    }

    // new_encode_dev (include/linux/kdev_t.h): what stat(2) and the loop driver make of major and minor.
    private static ulong Encode(ulong majorAndMinor)
    {
        var (major, minor) = (majorAndMinor >> 32, majorAndMinor & 0xffffffff);
        return (minor & 0xff) | (major << 8) | ((minor & ~0xffUL) << 12);
    }

    /// <summary>Closes it; the kernel frees the device where this was the last use.</summary>
    public void Dispose() => device.Dispose();
}

/// <summary>A loop device and its file.</summary>
/// <param name="Device">The device's path.</param>
/// <param name="File">The file's path as the kernel knows it now, with <c> (deleted)</c> behind it where it has no name any more.</param>
public sealed record LoopBacking(string Device, string File);

/// <summary>How a file becomes a block device.</summary>
public sealed record LoopOptions
{
    /// <summary>Nothing can be written to the device.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>The file is read and written past the page cache (O_DIRECT), which the file's filesystem must know.</summary>
    public bool DirectIO { get; init; }
}
