using System.Buffers.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Linux;

/// <summary>When the machine was started.</summary>
public static unsafe class MachineBoot
{
    private const long TMPFS_MAGIC = 0x01021994; // include/uapi/linux/magic.h

    /// <summary>
    /// The time of the last boot in nanoseconds since 1970, as files had it that were written then: what is older is of an earlier boot;
    /// null if /proc does not show it. The kernel's time moves when the clock is set, on a node without a battery by years, and the times
    /// of files do not. /run, which each boot makes, has the clock's first time (Linux 6.6). Source: proc_stat(5); statx(2).
    /// </summary>
    public static Int128? FindTime() =>
        FindKernelTime() is not { } time ? null
        : FindBirth("/run") is { } birth && birth < time ? birth
        : time;

    // To the second.
    private static Int128? FindKernelTime()
    {
        using var file = FileDescriptor.FindKernelFile("/proc/stat");
        if (file is null)
            return null;
        ReadOnlySpan<byte> text = file.ReadToEnd();
        var at = text.IndexOf("\nbtime "u8);
        return at >= 0 && Utf8Parser.TryParse(text[(at + 7)..], out long seconds, out _) ? (Int128)seconds * 1_000_000_000 : null;
    }

    // Of a directory on a disk it says nothing of the boot.
    private static Int128? FindBirth(string directory)
    {
        using var opened = FileDescriptor.FindDirectory(directory);
        if (opened?.FilesystemType() != TMPFS_MAGIC)
            return null;
        statx buffer;
        return LibC.File.Statx(AT_FDCWD, directory, 0, STATX_BTIME, &buffer) == 0 && (buffer.stx_mask & STATX_BTIME) != 0
            ? (Int128)buffer.stx_btime.tv_sec * 1_000_000_000 + buffer.stx_btime.tv_nsec
            : null;
    }
}
