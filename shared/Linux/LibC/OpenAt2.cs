using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>linux/openat2.h: openat2(2), Linux 5.6, by its number: glibc has no function for it.</summary>
internal static unsafe partial class OpenAt2
{
    /// <summary>The same on every architecture.</summary>
    public const long SYS_openat2 = 437;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial long Open(long number, long directory, string path, open_how* how, nuint size);
}
