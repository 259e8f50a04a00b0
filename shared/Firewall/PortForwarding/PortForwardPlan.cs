using Plugboard.Addresses;
using Plugboard.Firewall.Conditions;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;

namespace Plugboard.Firewall.PortForwarding;

/// <summary>What publishes one pod's ports: elements, and where there are conditions a chain of its own. Pure.</summary>
internal sealed class PortForwardPlan
{
    private readonly List<PlannedElement> elements = [];
    private readonly List<Rule> ownRules = [];

    private PortForwardPlan(Chain ownChain) => OwnChain = ownChain;

    /// <summary>The elements.</summary>
    public IReadOnlyList<PlannedElement> Elements => elements;

    /// <summary>The pod's own chain; used where there are <see cref="OwnRules"/>.</summary>
    public Chain OwnChain { get; }

    /// <summary>The rules of the own chain: conditions and where they lead. Empty: the pod has none.</summary>
    public IReadOnlyList<Rule> OwnRules => ownRules;

    /// <summary>The plan of what a pod publishes.</summary>
    /// <exception cref="ConditionException">A condition is not understood.</exception>
    public static PortForwardPlan Of(PortForwardTable table, PortForward forward)
    {
        var plan = new PortForwardPlan(table.ChainOf(forward.Owner));
        var comment = forward.Owner.Comment;
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (forward.AddressOf(is6) is { } pod)
                plan.AddFamily(table.Of(is6), forward, pod, comment);
        }

        return plan;
    }

    private void AddFamily(FamilyMaps maps, PortForward forward, IPPrefix pod, string comment)
    {
        var conditions = NftConditions.Parse(forward.ConditionsOf(pod.Is6), pod.Is6);
        var isPublished = false;
        foreach (var port in forward.Ports)
        {
            if (!port.IsOf(pod.Is6))
                continue;
            isPublished = true;
            AddPort(maps, port, pod.Address, comment, conditions);
        }

        if (!isPublished || !forward.Snat)
            return;
        foreach (var clients in forward.MasqueradeAll ? [maps.Everyone] : Clients(pod))
            elements.Add(new PlannedElement(maps.Masquerade, FamilyMaps.Masqueraded(clients, pod.Address) with { Comment = comment }, null));
    }

    // The kernel routes packets from ::1 nowhere.
    private static IPPrefix[] Clients(IPPrefix pod) => pod.Is6 ? [pod] : [pod, IPPrefix.Parse("127.0.0.0/8")];

    private void AddPort(FamilyMaps maps, PortMapping port, IPAddr pod, string comment, IReadOnlyList<Statement> conditions)
    {
        var isConditional = conditions.Count > 0;
        var key = FamilyMaps.Key(port) with { Comment = comment };
        elements.Add(new PlannedElement(
            maps.MapOf(port, isConditional),
            isConditional ? key with { Verdict = Verdict.Jump(OwnChain.Name) } : key with { Data = Field.Join(Field.Of(pod), Field.Port(port.ContainerPort)) },
            port));
        if (isConditional)
            ownRules.Add(new Rule(OwnChain, [.. conditions, .. Condition(port, pod.Is6), new Destination(pod, port.ContainerPort)]));
    }

    private static IEnumerable<Statement> Condition(PortMapping port, bool is6)
    {
        if (port.OnlyAddress is { } address)
            yield return Compare.Equal(Selector.DestinationAddress(is6), Field.Of(address));
        else
            yield return new FamilyIs(is6);
        yield return Compare.Equal(Selector.L4Protocol, Field.Protocol((byte)port.Protocol));
        yield return Compare.Equal(Selector.DestinationPort, Field.Port(port.HostPort));
    }
}
