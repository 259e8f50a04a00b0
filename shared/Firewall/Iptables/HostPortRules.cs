using Plugboard.Addresses;
using Plugboard.Firewall.Ports;

namespace Plugboard.Firewall.Iptables;

/// <summary>
/// The changes to a table that add or remove a pod's host ports; the rules themselves come from <see cref="HostPortContent"/>. Unlike the
/// reference, it empties a pod's chain before it fills it, so no rule leads to an old address. Chains that pods share are never emptied nor
/// removed. Pure.
/// </summary>
public static class HostPortRules
{
    /// <summary>The changes that make the ports lead to the pod; empty if they do.</summary>
    /// <param name="table">The table as it is, of the address's family.</param>
    /// <param name="forwards">The pod's ports.</param>
    /// <param name="isAlive">
    /// Does the pod of a chain live? Null: nothing is known of it. The chains of pods that have ended go where they have one of the ports;
    /// without this all stay.
    /// </param>
    /// <exception cref="IptablesWordException">A name or a condition cannot be written in a rule.</exception>
    public static RestoreScript Add(NatTable table, IptablesHostPorts forwards, Func<string, bool?>? isAlive = null)
    {
        var script = new RestoreScript();
        AddShared(script, table, forwards);
        if (isAlive is not null)
            Remove(script, table, new OtherHostPorts(table, forwards).ListEnded(isAlive));
        var chain = ReferenceNames.ForwardChain(forwards.Pod);
        var content = HostPortContent.Chain(forwards);
        if (!table.HasChain(chain) || !content.SequenceMeans(table.Rules(chain)))
        {
            script.Declare(chain);
            foreach (var rule in content)
                script.Append(rule);
        }

        AddEntries(script, table.Referring(chain).ToList(), HostPortContent.Entries(forwards));
        return script;
    }

    private static void AddShared(RestoreScript script, NatTable table, IptablesHostPorts forwards)
    {
        var shared = HostPortContent.Shared(forwards.Options);
        // That this fails for all but the first of several processes keeps the jumps to a new chain single.
        foreach (
            var chain in shared.Select(rule => rule.Chain).Append(ReferenceNames.HostPortTop).Where(ReferenceNames.IsShared).Distinct()
        )
        {
            if (!table.HasChain(chain))
                script.Create(chain);
        }

        foreach (var rule in shared.Where(rule => !table.Has(rule)))
        {
            if (rule.Chain == HostPortContent.PostRouting)
                script.Insert(rule);
            else
                script.Append(rule);
        }
    }

    // What stands and is wanted keeps its place: of two pods with one host port the older one has it.
    private static void AddEntries(RestoreScript script, List<IptablesRule> present, IReadOnlyList<IptablesRule> wanted)
    {
        var missing = new List<IptablesRule>(wanted);
        foreach (var rule in present)
        {
            var match = missing.FindIndex(rule.Means);
            if (match < 0)
                script.Delete(rule);
            else
                missing.RemoveAt(match);
        }

        missing.ForEach(script.Append);
    }

    /// <summary>
    /// The changes that remove all rules of the pod, also those of another config, of a repeated ADD of the reference's, or of its old
    /// versions (<c>CNI-SN-</c>); empty if there are no rules.
    /// </summary>
    /// <param name="table">The table as it is.</param>
    /// <param name="pod">The pod whose rules go. Its interface's name does not count: attachments of one pod to one network share the
    /// chain.</param>
    public static RestoreScript Delete(NatTable table, Attachment pod)
    {
        var script = new RestoreScript();
        Remove(script, table, new[] { ReferenceNames.ForwardChain(pod), ReferenceNames.SourceChain(pod) }.Where(table.HasChain));
        return script;
    }

    private static void Remove(RestoreScript script, NatTable table, IEnumerable<string> chains)
    {
        string[] gone = [.. chains];
        foreach (var rule in gone.SelectMany(table.Referring))
            script.Delete(rule);
        foreach (var chain in gone)
            script.Remove(chain);
    }

    /// <summary>
    /// True if the pod's ports lead to an address of none of these attachments: those of another attachment of the pod to the network.
    /// </summary>
    /// <param name="table">The table as it is.</param>
    /// <param name="pod">The pod of the chain.</param>
    /// <param name="addresses">The attachment's own addresses.</param>
    public static bool LeadElsewhere(NatTable table, Attachment pod, IReadOnlyList<Addresses.IPAddr> addresses)
    {
        string[] targets =
        [
            .. table.Rules(ReferenceNames.ForwardChain(pod)).Select(rule => rule.Value("--to-destination")).OfType<string>(),
        ];
        return targets.Length > 0 && !targets.Any(target => addresses.Any(address => HostPortContent.LeadsTo(target, address)));
    }

    /// <summary>The differences from the state after <see cref="Add"/>, a sentence each; empty if none.</summary>
    /// <param name="table">The table as it is, of the address's family.</param>
    /// <param name="forwards">The pod's ports. Only iptables understands conditions: rules with them are <see cref="Unclear"/>, not
    /// compared.</param>
    public static IReadOnlyList<string> Check(NatTable table, IptablesHostPorts forwards)
    {
        var chain = ReferenceNames.ForwardChain(forwards.Pod);
        if (!table.HasChain(chain) || !table.HasChain(ReferenceNames.HostPortTop))
            return [Missing.Chain(table.HasChain(chain) ? ReferenceNames.HostPortTop : chain)];
        var differences = HostPortContent.Shared(forwards.Options).Where(rule => !table.Has(rule)).Select(Missing.Rule).ToList();
        differences.AddRange(Missing.Compare(table, chain, HostPortContent.Chain(forwards)));
        if (forwards.Conditions.Count == 0)
            differences.AddRange(HostPortContent.Entries(forwards).Where(rule => !table.Has(rule)).Select(Missing.Rule));
        differences.AddRange(InTheWay(table, chain).Select(Missing.InTheWay));
        differences.AddRange(new OtherHostPorts(table, forwards).ListBefore().Select(Missing.LeadsElsewhere));
        return differences;
    }

    // Nothing but jumps to pods' chains belongs before the pod's own; what decides on its own keeps packets from all that comes after it.
    private static IEnumerable<IptablesRule> InTheWay(NatTable table, string chain) =>
        table
            .Rules(ReferenceNames.HostPortTop)
            .TakeWhile(rule => rule.Target != chain)
            .Where(static rule =>
                rule.Target is not null && !rule.Target.StartsWith(ReferenceNames.HostPortChainPrefix, StringComparison.Ordinal)
            );

    /// <summary>
    /// The rules that only iptables itself can compare, because of the words of a config in them; none where their chains are missing.
    /// </summary>
    public static IReadOnlyList<IptablesRule> Unclear(NatTable table, IptablesHostPorts forwards) =>
        forwards.Conditions.Count > 0
        && table.HasChain(ReferenceNames.ForwardChain(forwards.Pod))
        && table.HasChain(ReferenceNames.HostPortTop)
            ? HostPortContent.Entries(forwards)
            : [];
}

/// <summary>The host ports of a pod in one family.</summary>
/// <param name="Pod">The pod.</param>
/// <param name="Address">The target, with the length of its network; its family is the rules' family.</param>
/// <param name="Mappings">All of the pod's, of both families.</param>
/// <param name="Options">Masquerade, marks, conditions.</param>
public sealed record IptablesHostPorts(Attachment Pod, IPPrefix Address, IReadOnlyList<PortMapping> Mappings, HostPortOptions Options)
{
    internal IReadOnlyList<string> Conditions => Address.Is6 ? Options.ConditionsV6 : Options.ConditionsV4;
}
