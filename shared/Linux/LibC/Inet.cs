using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>netinet/in.h and net/if.h: addresses are the bytes of struct sockaddr_in and sockaddr_in6.</summary>
internal static partial class Inet
{
    /// <summary>sizeof(struct sockaddr_in6), the larger of the two.</summary>
    public const int AddressSize = 28;

    [LibraryImport("libc", EntryPoint = "if_nametoindex", StringMarshalling = StringMarshalling.Utf8)]
    public static partial uint IfNameToIndex(string name);
}
