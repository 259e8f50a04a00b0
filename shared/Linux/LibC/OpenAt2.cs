using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>linux/openat2.h: openat2(2), Linux 5.6, by its number: glibc has no function for it.</summary>
internal static unsafe partial class OpenAt2
{
    /// <summary>The same on every architecture.</summary>
    public const long SYS_openat2 = 437;

    public const ulong RESOLVE_NO_MAGICLINKS = 0x02;
    public const ulong RESOLVE_NO_SYMLINKS = 0x04;
    public const ulong RESOLVE_BENEATH = 0x08;
    public const ulong RESOLVE_IN_ROOT = 0x10;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial long Open(long number, long directory, string path, OpenHow* how, nuint size);

    /// <summary>struct open_how.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct OpenHow
    {
        public ulong flags;
        public ulong mode;
        public ulong resolve;
    }
}
