using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Ports;

namespace Plugboard.Firewall.HostPorts;

/// <summary>The maps and the set of one address family in <see cref="HostPortTable"/>.</summary>
internal sealed class FamilyMaps
{
    private readonly bool is6;

    public FamilyMaps(Table table, bool is6)
    {
        this.is6 = is6;
        var address = DataType.Address(is6);
        var suffix = is6 ? "6" : "4";
        DataType[] port = [DataType.InetProto, DataType.InetService];
        DataType[] hostPort = [address, DataType.InetProto, DataType.InetService];
        DataType[] pod = [address, DataType.InetService];
        Ports = Set.Map(table, "ports" + suffix, port, pod) with { AllowsTimeouts = true };
        HostPorts = Set.Map(table, "host_ports" + suffix, hostPort, pod) with { AllowsTimeouts = true };
        // Without timeouts: an element that has expired still holds on to the chain it leads to.
        Conditional = Set.VerdictMap(table, "conditional" + suffix, port);
        HostConditional = Set.VerdictMap(table, "host_conditional" + suffix, hostPort);
        Masquerade = new Set(table, "masquerade" + suffix, [address, address])
        {
            IsInterval = true,
            AllowsTimeouts = true,
            GcInterval = NodeTable.GcInterval,
        };
    }

    /// <summary>Ports of all of the node's addresses: protocol . port : pod . port.</summary>
    public Set Ports { get; }

    /// <summary>Ports of one of the node's addresses: address . protocol . port : pod . port.</summary>
    public Set HostPorts { get; }

    /// <summary>As <see cref="Ports"/>, of pods with conditions: a jump to the pod's chain.</summary>
    public Set Conditional { get; }

    /// <summary>As <see cref="HostPorts"/>, of pods with conditions.</summary>
    public Set HostConditional { get; }

    /// <summary>The masqueraded clients of each pod: clients . pod.</summary>
    public Set Masquerade { get; }

    /// <summary>All of them.</summary>
    public IEnumerable<Set> All => [HostConditional, HostPorts, Conditional, Ports, Masquerade];

    /// <summary>The map a port is published in.</summary>
    public Set MapOf(PortMapping port, bool isConditional) =>
        port.OnlyAddress is null
            ? isConditional
                ? Conditional
                : Ports
            : isConditional
                ? HostConditional
                : HostPorts;

    /// <summary>The key of a port.</summary>
    public static SetElement Key(PortMapping port) =>
        new(
            port.OnlyAddress is { } address
                ? Field.Join(Field.Of(address), Field.Protocol((byte)port.Protocol), Field.Port(port.HostPort))
                : Field.Join(Field.Protocol((byte)port.Protocol), Field.Port(port.HostPort))
        );

    /// <summary>The element that has clients masqueraded on their way to a pod.</summary>
    public static SetElement Masqueraded(IPPrefix clients, IPAddr pod) =>
        new(Field.Join(Field.Of(clients.Network.Address), Field.Of(pod))) { KeyEnd = Field.Join(Field.Of(clients.Last), Field.Of(pod)) };

    /// <summary>Every client of the family.</summary>
    public IPPrefix Everyone => IPPrefix.Default(is6);
}
