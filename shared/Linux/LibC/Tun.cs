using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>linux/if_tun.h: tap devices.</summary>
internal static unsafe partial class Tun
{
    public const nuint TUNSETIFF = 0x400454ca;
    public const nuint TUNSETPERSIST = 0x400454cb;
    public const nuint TUNSETOWNER = 0x400454cc;
    public const nuint TUNSETGROUP = 0x400454ce;

    public const ushort IFF_TAP = 0x0002;
    public const ushort IFF_MULTI_QUEUE = 0x0100;
    public const ushort IFF_NO_PI = 0x1000;
    public const ushort IFF_TUN_EXCL = 0x8000;

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int fd, nuint request, nuint argument);
}
