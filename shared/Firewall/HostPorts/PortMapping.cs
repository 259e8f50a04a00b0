using System.Globalization;
using Plugboard.Addresses;

namespace Plugboard.Firewall.HostPorts;

/// <summary>A port of the host that leads to a port of a pod.</summary>
/// <param name="HostPort">1 to 65535.</param>
/// <param name="ContainerPort">1 to 65535.</param>
/// <param name="Protocol">The transport protocol.</param>
/// <param name="HostIP">The host's address that is forwarded; null: all of them, of both families. 0.0.0.0 and :: are all of one
/// family.</param>
public sealed record PortMapping(ushort HostPort, ushort ContainerPort, PortProtocol Protocol, IPAddr? HostIP)
{
    /// <summary>True where the mapping says something of IPv6, or of IPv4.</summary>
    public bool IsOf(bool is6) => HostIP is not { } address || address.Is6 == is6;

    /// <summary>The one address of the host that is forwarded; null: all of its family.</summary>
    public IPAddr? OnlyAddress => HostIP is { IsUnspecified: false } address ? address : null;

    /// <summary>True where both are of the same port of the same address, in a family that both are of.</summary>
    public bool IsSameHostPort(PortMapping other) =>
        HostPort == other.HostPort
        && Protocol == other.Protocol
        && OnlyAddress == other.OnlyAddress
        && (HostIP is null || other.IsOf(HostIP.Value.Is6));

    /// <summary>The host's side: <c>8080/tcp</c>, <c>192.0.2.1:8080/tcp</c> or <c>[2001:db8::1]:8080/udp</c>.</summary>
    public string Name
    {
        get
        {
            var port = string.Concat(HostPort.ToString(CultureInfo.InvariantCulture), "/", NameOf(Protocol));
            return HostIP is not { } address ? port
                : address.Is6 ? $"[{address}]:{port}"
                : $"{address}:{port}";
        }
    }

    /// <summary>Both sides: <c>8080/tcp to port 80</c>.</summary>
    public override string ToString() => $"{Name} to port {ContainerPort}";

    /// <summary>Reads <see cref="Name"/>; null where it is none.</summary>
    public static PortMapping? TryParse(ReadOnlySpan<char> name, ushort containerPort)
    {
        var slash = name.LastIndexOf('/');
        if (slash < 0 || FindProtocol(name[(slash + 1)..]) is not { } protocol)
            return null;
        var colon = name[..slash].LastIndexOf(':');
        if (!ushort.TryParse(name[(colon + 1)..slash], CultureInfo.InvariantCulture, out var hostPort) || hostPort == 0)
            return null;
        if (colon < 0)
            return new PortMapping(hostPort, containerPort, protocol, null);
        return IPAddr.TryParse(name[..colon].Trim("[]"), out var address)
            ? new PortMapping(hostPort, containerPort, protocol, address)
            : null;
    }

    private static string NameOf(PortProtocol protocol) =>
        protocol switch
        {
            PortProtocol.Tcp => "tcp",
            PortProtocol.Udp => "udp",
            _ => "sctp",
        };

    private static PortProtocol? FindProtocol(ReadOnlySpan<char> name) =>
        name switch
        {
            "tcp" => PortProtocol.Tcp,
            "udp" => PortProtocol.Udp,
            "sctp" => PortProtocol.Sctp,
            _ => null,
        };
}
