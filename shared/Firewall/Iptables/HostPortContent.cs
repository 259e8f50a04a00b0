using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Firewall.Ports;

namespace Plugboard.Firewall.Iptables;

/// <summary>
/// The rules of forwarded ports, in the form iptables-save(8) gives the reference's:
/// <code>
/// -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT          and OUTPUT
/// -A CNI-HOSTPORT-DNAT -p tcp -m comment --comment C -m multiport --dports 8080,8081 CONDITIONS -j CNI-DN-x
/// -A CNI-DN-x -s 10.0.0.0/24 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK
/// -A CNI-DN-x -s 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK
/// -A CNI-DN-x -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.0.2:80
/// -A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000
/// -A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
/// -A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
/// </code>
/// </summary>
internal static class HostPortContent
{
    public const string PostRouting = "POSTROUTING";

    // xt_multiport.h: XT_MULTI_PORTS.
    private const int PortsPerRule = 15;

    /// <summary>The rules of the shared chains, and those that lead to them.</summary>
    public static IReadOnlyList<IptablesRule> Shared(HostPortOptions options)
    {
        string[] local = ["-m", "addrtype", "--dst-type", "LOCAL", "-j", ReferenceNames.HostPortTop];
        IptablesRule[] top = [new("PREROUTING", local), new("OUTPUT", local)];
        if (!options.Snat || options.ExternalSetMarkChain is not null)
            return top;
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)options.MarkMasqBit, 31u, nameof(options));
        var bit = 1u << options.MarkMasqBit;
        var mark = string.Create(CultureInfo.InvariantCulture, $"0x{bit:x}/0x{bit:x}");
        return
        [
            new(ReferenceNames.SetMark, ["-m", "comment", "--comment", "CNI portfwd masquerade mark", "-j", "MARK", "--set-xmark", mark]),
            new(ReferenceNames.Masquerade, ["-m", "mark", "--mark", mark, "-j", "MASQUERADE"]),
            new(PostRouting, ["-m", "comment", "--comment", "CNI portfwd requiring masquerade", "-j", ReferenceNames.Masquerade]),
            .. top,
        ];
    }

    /// <summary>The pod's own chain.</summary>
    public static IReadOnlyList<IptablesRule> Chain(IptablesHostPorts forwards)
    {
        var chain = ReferenceNames.ForwardChain(forwards.Pod);
        var rules = new List<IptablesRule>();
        foreach (var mapping in forwards.Mappings.Where(mapping => mapping.IsOf(forwards.Address.Is6)))
        {
            string[] destination = mapping.OnlyAddress is { } host ? ["-d", $"{IPPrefix.Host(host)}"] : [];
            var protocol = Name(mapping.Protocol);
            string[] port = ["-p", protocol, "-m", protocol, "--dport", Number(mapping.HostPort)];
            foreach (var source in Marked(forwards))
                rules.Add(
                    new IptablesRule(
                        chain,
                        [.. source, .. destination, .. port, "-j", forwards.Options.ExternalSetMarkChain ?? ReferenceNames.SetMark]
                    )
                );
            rules.Add(
                new IptablesRule(
                    chain,
                    [.. destination, .. port, "-j", "DNAT", "--to-destination", Target(forwards.Address.Address, mapping.ContainerPort)]
                )
            );
        }

        return rules;
    }

    // The sources that are masqueraded; 0.0.0.0/0 and ::/0 are no match at all, and iptables-save does not write them.
    private static string[][] Marked(IptablesHostPorts forwards)
    {
        if (!forwards.Options.Snat)
            return [];
        if (forwards.Options.MasqAll)
            return
            [
                [],
            ];
        string[] network = forwards.Address.Length == 0 ? [] : ["-s", $"{forwards.Address.Network}"];
        return forwards.Address.Is6 ? [network] : [network, ["-s", "127.0.0.1/32"]];
    }

    /// <summary>
    /// The rules that lead to the pod's chain: by protocol in alphabetical order, at most 15 ports each, of both families as the reference
    /// has it.
    /// </summary>
    public static IReadOnlyList<IptablesRule> Entries(IptablesHostPorts forwards)
    {
        var chain = ReferenceNames.ForwardChain(forwards.Pod);
        var comment = ReferenceNames.HostPortComment(forwards.Pod);
        var rules = new List<IptablesRule>();
        foreach (
            var protocol in forwards.Mappings.GroupBy(mapping => Name(mapping.Protocol)).OrderBy(group => group.Key, StringComparer.Ordinal)
        )
        {
            foreach (var ports in protocol.Select(mapping => Number(mapping.HostPort)).Chunk(PortsPerRule))
            {
                rules.Add(
                    new IptablesRule(
                        ReferenceNames.HostPortTop,
                        [
                            "-p",
                            protocol.Key,
                            "-m",
                            "comment",
                            "--comment",
                            comment,
                            "-m",
                            "multiport",
                            "--dports",
                            string.Join(',', ports),
                            .. forwards.Conditions,
                            "-j",
                            chain,
                        ]
                    )
                );
            }
        }

        return rules;
    }

    /// <summary>True if a <c>--to-destination</c> is of this address.</summary>
    public static bool LeadsTo(string target, IPAddr address)
    {
        var end = target.LastIndexOf(':');
        return end > 0 && IPAddr.TryParse(target.AsSpan(0, end).Trim("[]"), out var found) && found == address;
    }

    private static string Target(IPAddr address, ushort port) => address.Is6 ? $"[{address}]:{Number(port)}" : $"{address}:{Number(port)}";

    private static string Number(ushort port) => port.ToString(CultureInfo.InvariantCulture);

    private static string Name(PortProtocol protocol) =>
        protocol switch
        {
            PortProtocol.Tcp => "tcp",
            PortProtocol.Udp => "udp",
            PortProtocol.Sctp => "sctp",
            _ => throw new ArgumentOutOfRangeException(nameof(protocol), protocol, "a protocol without ports"),
        };
}
