using Plugboard.Addresses;
using Plugboard.Linux.Files;

namespace Plugboard.Netlink.Route.Links;

/// <summary>The other end of a new veth pair. It is always created down: the kernel refuses a peer that is up (ENOTCONN).</summary>
public sealed record VethPeer
{
    /// <summary>1 to 15 bytes.</summary>
    public required string Name { get; init; }

    /// <summary>In bytes; 0 for the driver's default.</summary>
    public int Mtu { get; init; }

    /// <summary>Null for a random one.</summary>
    public MacAddress? Address { get; init; }

    /// <summary>The network namespace it is made in, open until the call returns; null for the same as the first end's.</summary>
    public FileDescriptor? NetNs { get; init; }
}
