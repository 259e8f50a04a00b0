using Plugboard.Addresses;

namespace Plugboard.Firewall.PortForwarding;

/// <summary>A port of the host that leads to a port of a pod.</summary>
/// <param name="HostPort">1 to 65535.</param>
/// <param name="ContainerPort">1 to 65535.</param>
/// <param name="Protocol">The transport protocol.</param>
/// <param name="HostIP">The host's address that is forwarded; null: all of them, of both families. 0.0.0.0 and :: are all of one family.</param>
public sealed record PortMapping(ushort HostPort, ushort ContainerPort, PortProtocol Protocol, IPAddr? HostIP)
{
    /// <summary>True where the mapping says something of IPv6, or of IPv4.</summary>
    public bool IsOf(bool is6) => HostIP is not { } address || address.Is6 == is6;

    /// <summary>The one address of the host that is forwarded; null: all of its family.</summary>
    public IPAddr? OnlyAddress => HostIP is { IsUnspecified: false } address ? address : null;
}
