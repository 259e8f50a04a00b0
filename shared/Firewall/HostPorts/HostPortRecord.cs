using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Ports;

namespace Plugboard.Firewall.HostPorts;

/// <summary>A pod's published ports as a <see cref="PodRecord"/>: all that its rules can be made of again. Pure.</summary>
public static class HostPortRecord
{
    private const string Backend = "backend";
    private const string Iptables = "iptables";
    private const string Nftables = "nftables";
    private const string True = "true";
    private const string False = "false";
    private const string Address = "address";
    private const string Port = "port";
    private const string Snat = "snat";
    private const string MasqueradeAll = "masq-all";
    private const string Localhost = "localhost";
    private const string MarkBit = "mark-bit";
    private const string MarkChain = "mark-chain";
    private const string Condition4 = "condition-v4";
    private const string Condition6 = "condition-v6";

    /// <summary>The record of what is published.</summary>
    public static PodRecord ToRecord(this PodHostPorts forward)
    {
        var record = new PodRecord(forward.Owner) { NetNs = forward.NetNs, Link = forward.Link };
        record.With(Backend, forward.Backend == FirewallBackend.Iptables ? Iptables : Nftables);
        if (forward.IPv4 is { } v4)
            record.With(Address, v4.ToString());
        if (forward.IPv6 is { } v6)
            record.With(Address, v6.ToString());
        foreach (var port in forward.Ports)
            record.With(Port, string.Concat(port.Name, " ", port.ContainerPort.ToString(CultureInfo.InvariantCulture)));
        record.With(Snat, forward.Snat ? True : False);
        record.With(MasqueradeAll, forward.MasqueradeAll ? True : False);
        if (forward.LocalhostLink.Length > 0)
            record.With(Localhost, forward.LocalhostLink);
        if (forward.Backend == FirewallBackend.Iptables)
            record.With(MarkBit, forward.IptablesOptions.MarkMasqBit.ToString(CultureInfo.InvariantCulture));
        if (forward is { Backend: FirewallBackend.Iptables, ExternalSetMarkChain: { } chain })
            record.With(MarkChain, chain);
        foreach (var word in forward.ConditionsV4)
            record.With(Condition4, word);
        foreach (var word in forward.ConditionsV6)
            record.With(Condition6, word);
        return record;
    }

    /// <summary>
    /// True if all of it can be read and nothing that every record has is missing. Of another one, as a later build may write it, it is
    /// not known what the pod has.
    /// </summary>
    public static bool IsWhole(PodRecord record)
    {
        var (addresses, ports) = (record.List(Address), record.List(Port));
        return record.Find(Backend) is Nftables or Iptables
            && addresses.Count > 0
            && addresses.All(static text => IPPrefix.TryParse(text, out _))
            && ports.Count > 0
            && ReadPorts(record).Count == ports.Count
            && record.Find(Snat) is True or False
            && record.Find(MasqueradeAll) is True or False;
    }

    /// <summary>What a record says; lines that cannot be read are left out.</summary>
    public static PodHostPorts FromRecord(PodRecord record)
    {
        var forward = new PodHostPorts
        {
            Owner = record.Owner,
            NetNs = record.NetNs,
            Link = record.Link,
            LocalhostLink = record.Find(Localhost) ?? "",
            Backend = record.Find(Backend) == Iptables ? FirewallBackend.Iptables : FirewallBackend.Nftables,
            Ports = ReadPorts(record),
            Snat = record.Find(Snat) != False,
            MasqueradeAll = record.Find(MasqueradeAll) == True,
            MasqueradeMarkBit = ReadMarkBit(record),
            ExternalSetMarkChain = record.Find(MarkChain),
            ConditionsV4 = record.List(Condition4),
            ConditionsV6 = record.List(Condition6),
        };
        foreach (var text in record.List(Address))
        {
            if (IPPrefix.TryParse(text, out var address))
                forward = address.Is6 ? forward with { IPv6 = address } : forward with { IPv4 = address };
        }

        return forward;
    }

    private static int? ReadMarkBit(PodRecord record) =>
        int.TryParse(record.Find(MarkBit), NumberStyles.None, CultureInfo.InvariantCulture, out var bit) && bit <= 31 ? bit : null;

    private static List<PortMapping> ReadPorts(PodRecord record)
    {
        var ports = new List<PortMapping>();
        foreach (var line in record.List(Port))
        {
            var blank = line.IndexOf(' ');
            if (
                blank > 0
                && ushort.TryParse(line.AsSpan(blank + 1), CultureInfo.InvariantCulture, out var containerPort)
                && PortMapping.TryParse(line.AsSpan(0, blank), containerPort) is { } mapping
            )
                ports.Add(mapping);
        }

        return ports;
    }
}
