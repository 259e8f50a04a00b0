using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Masquerade.Configuration;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;

namespace Plugboard.Coordinator.Masquerade.Nftables;

/// <summary>Plans the table. Pure.</summary>
/// <param name="options">The flags.</param>
internal sealed class NftablesPlanner(MasqueradeOptions options)
{
    // Behind srcnat, 100: as the agent's jump, which is appended, it comes after the rules that others have for packets of their own.
    private const int Priority = 110;

    private static readonly Chain Postrouting = new(NftablesPlan.Table, "postrouting")
    {
        Hook = new ChainHook(ChainType.Nat, NftHook.Postrouting, Priority),
    };
    private static readonly Chain Forward = new(NftablesPlan.Table, "forward")
    {
        Hook = new ChainHook(ChainType.Filter, NftHook.Forward, 0),
    };
    private static readonly Set Links = new(NftablesPlan.Table, "output_links", [DataType.IfName]);

    /// <summary>ip-masq-agent's rules.</summary>
    public NftablesPlan PlanAgent(MasqueradeConfig config, IEnumerable<IPPrefix> podCidrs)
    {
        var leaving = new LeavingChains(options, config.SnatAddresses);
        var sets = new List<PlannedSet>(leaving.Sets);
        var rules = new List<Rule>(leaving.Rules)
        {
            new(Postrouting, [new FibType(), new VerdictStatement(Verdict.Return)]) { Comment = "what is for this node itself" },
        };
        bool[] families = options.EnableIPv6 ? [false, true] : [false];
        var exempt = AgentExemptions.Of(config, podCidrs).ToList();
        foreach (var is6 in families)
        {
            var set = NetworkSet("exempt", is6);
            sets.Add(PlannedSet.OfNetworks(set, exempt.Where(item => item.Network.Is6 == is6)));
            rules.Add(
                new(Postrouting, [new Lookup(set, Selector.Daddr(is6)), new VerdictStatement(Verdict.Return)])
                {
                    Comment = $"{Family(is6)} networks where senders are known by their own addresses",
                }
            );
        }

        if (config.OutputInterfaces is { } links)
            sets.Add(PlannedSet.OfLinks(Links, links));
        foreach (var is6 in families)
        {
            var (entry, only) = Entry(config, is6);
            if (only is not null)
                sets.Add(only);
            rules.Add(
                new(Postrouting, [.. entry, new VerdictStatement(Verdict.Goto(LeavingChains.First.Name))])
                {
                    Comment = $"all other {Family(is6)} destinations",
                }
            );
        }

        return new NftablesPlan
        {
            Sets = sets,
            Chains = [.. leaving.Chains, Postrouting],
            Rules = rules,
        };
    }

    private static (List<Statement> Entry, PlannedSet? Only) Entry(MasqueradeConfig config, bool is6)
    {
        var entry = new List<Statement>();
        PlannedSet? only = null;
        if (config.MasqueradeCidrs is { } networks)
        {
            only = PlannedSet.OfNetworks(
                NetworkSet("masqueraded", is6),
                networks.Where(network => network.Is6 == is6).Select(network => (network, "masqueradeCIDRs"))
            );
            entry.Add(new Lookup(only.Set, Selector.Daddr(is6)));
        }
        else
        {
            entry.Add(new NfProto(is6));
        }

        if (config.OutputInterfaces is not null)
            entry.Add(new Lookup(Links, Selector.Oifname));
        return (entry, only);
    }

    private static Set NetworkSet(string name, bool is6) =>
        new(NftablesPlan.Table, $"{name}{(is6 ? 6 : 4)}", [DataType.Address(is6)]) { IsInterval = true };

    private static string Family(bool is6) => is6 ? "IPv6" : "IPv4";

    /// <summary>flannel's rules for the families whose networks are known.</summary>
    /// <param name="view">The cluster.</param>
    public NftablesPlan PlanFlannel(ClusterView view)
    {
        var leaving = new LeavingChains(options, []);
        var rules = new List<Rule>(leaving.Rules)
        {
            new(Postrouting, [new MetaMark(FlannelNetworks.KubeProxyMark), new VerdictStatement(Verdict.Return)])
            {
                Comment = "what kube-proxy masquerades",
            },
        };
        foreach (var networks in FlannelNetworks.Of(view))
        {
            rules.AddRange(FlannelRules(networks));
            if (options.ForwardChainRules)
                rules.AddRange(ForwardChainRules(networks));
        }

        List<Chain> chains = [.. leaving.Chains, Postrouting];
        if (options.ForwardChainRules)
            chains.Add(Forward);
        return new NftablesPlan
        {
            Sets = leaving.Sets,
            Chains = chains,
            Rules = rules,
        };
    }

    // flannel's tables of nftables have the fourth rule for what goes to the cluster, not to own pods: so the last one is never reached
    // there.
    private static IEnumerable<Rule> FlannelRules(FlannelNetworks networks)
    {
        var (cluster, own, is6) = (networks.Cluster, networks.Own, networks.Cluster.Is6);
        Cmp From(IPPrefix network, bool inverted = false) => Cmp.InNetwork(Selector.Saddr(is6), network, inverted);
        Cmp To(IPPrefix network, bool inverted = false) => Cmp.InNetwork(Selector.Daddr(is6), network, inverted);
        var masquerade = new VerdictStatement(Verdict.Goto(LeavingChains.First.Name));
        var family = Family(is6);
        yield return new(Postrouting, [From(own), To(cluster), new VerdictStatement(Verdict.Return)])
        {
            Comment = $"{family} from own pods to pods",
        };
        yield return new(Postrouting, [From(cluster), To(own), new VerdictStatement(Verdict.Return)])
        {
            Comment = $"{family} from pods to own pods",
        };
        yield return new(Postrouting, [From(cluster, inverted: true), To(own), new VerdictStatement(Verdict.Return)])
        {
            Comment = $"{family} from outside to own pods",
        };
        yield return new(Postrouting, [From(cluster), To(networks.Multicast, inverted: true), masquerade])
        {
            Comment = $"{family} from pods to outside",
        };
        yield return new(Postrouting, [From(cluster, inverted: true), To(cluster), masquerade])
        {
            Comment = $"{family} from outside to other nodes' pods",
        };
    }

    private static IEnumerable<Rule> ForwardChainRules(FlannelNetworks networks)
    {
        var is6 = networks.Cluster.Is6;
        yield return new(Forward, [Cmp.InNetwork(Selector.Saddr(is6), networks.Cluster), new VerdictStatement(Verdict.Accept)])
        {
            Comment = $"{Family(is6)} from pods",
        };
        yield return new(Forward, [Cmp.InNetwork(Selector.Daddr(is6), networks.Cluster), new VerdictStatement(Verdict.Accept)])
        {
            Comment = $"{Family(is6)} to pods",
        };
    }
}
