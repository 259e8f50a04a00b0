using Plugboard.Addresses;
using Plugboard.Firewall.Conditions;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Ports;

namespace Plugboard.Firewall.HostPorts;

/// <summary>Plans what publishes one pod's ports: elements, and where there are conditions a chain of its own. Pure.</summary>
internal sealed class HostPortPlan
{
    private readonly List<PlannedElement> elements = [];
    private readonly List<Rule> ownRules = [];

    private readonly PodHostPorts forward;
    private readonly Chain ownChain;
    private readonly string comment;

    private HostPortPlan(PodHostPorts forward, Chain ownChain)
    {
        this.forward = forward;
        this.ownChain = ownChain;
        comment = forward.Owner.Comment;
    }

    /// <summary>The plan of what a pod publishes.</summary>
    /// <param name="table">The table.</param>
    /// <param name="forward">What is published.</param>
    /// <exception cref="ConditionException">A condition is not understood.</exception>
    public static PodPlan Of(HostPortTable table, PodHostPorts forward)
    {
        var plan = new HostPortPlan(forward, table.OwnChainOf(forward.Owner.Tag));
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (forward.AddressOf(is6) is { } pod)
                plan.AddFamily(table.Of(is6), pod);
        }

        return new PodPlan
        {
            Tables = [table],
            Elements = plan.elements,
            NodeElements =
                forward.LocalhostLink.Length == 0
                    ? []
                    : [(table.LocalhostLinks, new SetElement(Field.Join(Field.Link(forward.LocalhostLink))))],
            OwnRules = plan.ownRules,
            OwnChain = plan.ownRules.Count == 0 ? null : plan.ownChain,
        };
    }

    /// <summary>The plan of a record; null if it is damaged, or of another version.</summary>
    public static PodPlan? Of(HostPortTable table, PodRecord record)
    {
        if (!HostPortRecord.IsWhole(record))
            return null;
        var told = HostPortRecord.FromRecord(record);
        // What iptables made is nothing here.
        return told.Backend == FirewallBackend.Nftables ? Find(table, told) : new PodPlan { Tables = [], Elements = [] };
    }

    /// <summary>What a record of iptables would have here; null if it is of nftables, or damaged.</summary>
    public static PodPlan? FindDenied(HostPortTable table, PodRecord record) =>
        HostPortRecord.IsWhole(record) && HostPortRecord.FromRecord(record) is { Backend: FirewallBackend.Iptables } told
            ? Find(table, told with { Backend = FirewallBackend.Nftables })
            : null;

    private static PodPlan? Find(HostPortTable table, PodHostPorts told)
    {
        try
        {
            return Of(table, told);
        }
        catch (ConditionException)
        {
            return null;
        }
    }

    private void AddFamily(FamilyMaps maps, IPPrefix pod)
    {
        var conditions = NftConditions.Parse(forward.ConditionsOf(pod.Is6), pod.Is6);
        var isPublished = false;
        var said = new HashSet<PortMapping>(new SameHostPort());
        foreach (var port in forward.Ports)
        {
            // An earlier one says 0.0.0.0 or :: where this one says nothing, or the other way round.
            if (!port.IsOf(pod.Is6) || !said.Add(port))
                continue;
            isPublished = true;
            AddPort(maps, port, pod.Address, conditions);
        }

        if (!isPublished || !forward.Snat)
            return;
        foreach (var clients in forward.MasqueradeAll ? [maps.Everyone] : Clients(pod))
            elements.Add(
                new PlannedElement(
                    maps.Masquerade,
                    FamilyMaps.Masqueraded(clients, pod.Address) with
                    {
                        Comment = comment,
                    },
                    "masquerading of clients"
                )
            );
    }

    // The kernel routes packets from ::1 nowhere.
    private static IPPrefix[] Clients(IPPrefix pod) => pod.Is6 ? [pod] : [pod, IPPrefix.Parse("127.0.0.0/8")];

    private void AddPort(FamilyMaps maps, PortMapping port, IPAddr pod, IReadOnlyList<Statement> conditions)
    {
        var isConditional = conditions.Count > 0;
        var key = FamilyMaps.Key(port) with { Comment = comment };
        elements.Add(
            new PlannedElement(
                maps.MapOf(port, isConditional),
                isConditional
                    ? key with
                    {
                        Verdict = Verdict.Jump(ownChain.Name),
                    }
                    : key with
                    {
                        Data = Field.Join(Field.Of(pod), Field.Port(port.ContainerPort)),
                    },
                $"host port {port.Name}",
                owner => new PortTakenException(port, owner)
            )
        );
        if (isConditional)
            ownRules.Add(new Rule(ownChain, [.. conditions, .. Condition(port, pod.Is6), new Dnat(pod, port.ContainerPort)]));
    }

    private static IEnumerable<Statement> Condition(PortMapping port, bool is6)
    {
        if (port.OnlyAddress is { } address)
            yield return Cmp.Equal(Selector.Daddr(is6), Field.Of(address));
        else
            yield return new NfProto(is6);
        yield return Cmp.Equal(Selector.L4Proto, Field.Protocol((byte)port.Protocol));
        yield return Cmp.Equal(Selector.Dport, Field.Port(port.HostPort));
    }
}
