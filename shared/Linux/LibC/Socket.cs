using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>linux/netlink.h: the address of a netlink socket, which Tmds.LibC lacks.</summary>
internal static class Socket
{
    /// <summary>struct sockaddr_nl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct NetlinkAddress
    {
        public ushort Family;
        public ushort Pad;
        public uint Port;
        public uint Groups;
    }
}
