using Plugboard.Addresses;

namespace Plugboard.Firewall.Iptables;

/// <summary>
/// The rules by which a pod's packets leave the node with the node's address, as the reference's bridge writes them (ipMasq):
/// <code>
/// -A POSTROUTING -s 10.1.2.5/32 -m comment --comment C -j CNI-x
/// -A CNI-x -d 10.1.2.0/24 -m comment --comment C -j ACCEPT
/// -A CNI-x ! -d 224.0.0.0/4 -m comment --comment C -j MASQUERADE
/// </code>
/// All of one family at a time. Attachments of one pod to one network share the chain, so each leaves the others' rules alone. Pure.
/// </summary>
public static class MasqueradeRules
{
    private const string PostRouting = "POSTROUTING";

    /// <summary>What is to be done so that these addresses are masqueraded; empty where they are.</summary>
    /// <param name="table">The table as it is.</param>
    /// <param name="pod">Whose they are.</param>
    /// <param name="addresses">At least one, all of the table's family, with the length of their network.</param>
    /// <exception cref="IptablesWordException">The pod's identity cannot be written in a rule.</exception>
    public static RestoreScript Add(NatTable table, Attachment pod, IReadOnlyList<IPPrefix> addresses)
    {
        var script = new RestoreScript();
        var chain = ReferenceNames.MasqueradeChain(pod);
        var jumps = Jumps(pod, addresses);
        var wanted = Content(pod, addresses);
        if (table.Referring(chain).Any(rule => !jumps.Exists(rule.Means)))
            wanted.InsertRange(0, table.Rules(chain).Where(rule => rule.Target == "ACCEPT" && !wanted.Exists(rule.Means)));
        if (!wanted.SequenceMeans(table.Rules(chain)))
        {
            script.Declare(chain);
            wanted.ForEach(script.Append);
        }

        foreach (var jump in jumps.Where(jump => !table.Has(jump)))
            script.Append(jump);
        return script;
    }

    /// <summary>What is to be done so that nothing of the pod's is left; empty where nothing is.</summary>
    /// <param name="table">The table as it is.</param>
    /// <param name="pod">Whose rules go.</param>
    /// <param name="only">
    /// The addresses of the attachment that ends, of any family: what another attachment of the pod to the network needs stays. Null where
    /// they are not known: all goes.
    /// </param>
    public static RestoreScript Delete(NatTable table, Attachment pod, IReadOnlyList<IPPrefix>? only)
    {
        var script = new RestoreScript();
        var chain = ReferenceNames.MasqueradeChain(pod);
        if (!table.HasChain(chain))
            return script;
        var jumps = table.Referring(chain).ToLookup(rule => only is null || IsOf(rule, only));
        foreach (var jump in jumps[true])
            script.Delete(jump);
        if (!jumps[false].Any())
            script.Remove(chain);
        else if (jumps[true].Any())
            DeleteNetworks(script, table.Rules(chain), jumps[false].ToList());
        return script;
    }

    /// <summary>What is not as <see cref="Add"/> would leave it, a sentence each; empty where all is.</summary>
    public static IReadOnlyList<string> Check(NatTable table, Attachment pod, IReadOnlyList<IPPrefix> addresses)
    {
        var chain = ReferenceNames.MasqueradeChain(pod);
        if (!table.HasChain(chain))
            return [Missing.Chain(chain)];
        // Other attachments of the pod to the network have networks of their own there. All come before the last rule, in any order.
        var networks = table.Rules(chain).Where(rule => IsOwnNetwork(rule, pod)).ToList();
        var wanted = Content(pod, addresses);
        wanted.RemoveAll(rule => networks.Exists(rule.Means));
        wanted.InsertRange(0, networks);
        return [.. Missing.Compare(table, chain, wanted), .. Jumps(pod, addresses).Where(rule => !table.Has(rule)).Select(Missing.Rule)];
    }

    private static bool IsOwnNetwork(IptablesRule rule, Attachment pod) =>
        rule.Value("-d") is { } network && rule.Means(Network(pod, network));

    private static IptablesRule Network(Attachment pod, string network) =>
        new(ReferenceNames.MasqueradeChain(pod), ["-d", network, .. Comment(pod), "-j", "ACCEPT"]);

    private static List<IptablesRule> Jumps(Attachment pod, IReadOnlyList<IPPrefix> addresses) =>
        [
            .. addresses
                .Select(address => IPPrefix.Host(address.Address))
                .Distinct()
                .Select(host => new IptablesRule(
                    PostRouting,
                    ["-s", $"{host}", .. Comment(pod), "-j", ReferenceNames.MasqueradeChain(pod)]
                )),
        ];

    private static List<IptablesRule> Content(Attachment pod, IReadOnlyList<IPPrefix> addresses)
    {
        var chain = ReferenceNames.MasqueradeChain(pod);
        var multicast = addresses[0].Is6 ? "ff00::/8" : "224.0.0.0/4";
        var rules = addresses.Select(address => address.Network).Distinct().Select(network => Network(pod, $"{network}"));
        return [.. rules, new IptablesRule(chain, ["!", "-d", multicast, .. Comment(pod), "-j", "MASQUERADE"])];
    }

    private static string[] Comment(Attachment pod) => ["-m", "comment", "--comment", ReferenceNames.MasqueradeComment(pod)];

    // Versions of the reference before 0.8 jumped from the network, 10.1.2.0/24, where later ones jump from the address.
    private static bool IsOf(IptablesRule jump, IReadOnlyList<IPPrefix> addresses) =>
        IPPrefix.TryParse(jump.Value("-s"), out var source)
        && addresses.Any(address => source == IPPrefix.Host(address.Address) || source == address.Network);

    private static void DeleteNetworks(RestoreScript script, IReadOnlyList<IptablesRule> rules, List<IptablesRule> remaining)
    {
        foreach (var rule in rules.Where(rule => rule.Target == "ACCEPT"))
        {
            if (
                IPPrefix.TryParse(rule.Value("-d"), out var network)
                && !remaining.Exists(jump => IPPrefix.TryParse(jump.Value("-s"), out var source) && network.Overlaps(source))
            )
                script.Delete(rule);
        }
    }
}
