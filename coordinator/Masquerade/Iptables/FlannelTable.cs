using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;

namespace Plugboard.Coordinator.Masquerade.Iptables;

/// <summary>flannel's chains, word for word. Pure. Source: flannel, pkg/trafficmngr/iptables/iptables.go.</summary>
/// <param name="options">The flags.</param>
internal sealed class FlannelTable(MasqueradeOptions options)
{
    private const string Nat = "FLANNEL-POSTRTG",
        Filter = "FLANNEL-FWD";

    /// <summary>False where the tools do not know <c>--random-fully</c>: before iptables 1.6.2.</summary>
    public bool HasRandomFully { get; init; } = true;

    /// <summary>The nat table.</summary>
    public OwnedChains PlanNat(FlannelNetworks networks) =>
        new("nat", networks.Cluster.Is6)
        {
            Chains = [(Nat, [.. NatRules($"{networks.Cluster}", $"{networks.Own}", $"{networks.Multicast}")])],
            Jumps = [new("POSTROUTING", [.. Comment("flanneld masq"), "-j", Nat])],
        };

    private IEnumerable<IptablesRule> NatRules(string cluster, string own, string multicast)
    {
        string[] masquerade = ["-j", "MASQUERADE", .. options.RandomFully && HasRandomFully ? (string[])["--random-fully"] : []];
        string[] comment = Comment("flanneld masq");
        yield return new(Nat, ["-m", "mark", "--mark", "0x4000/0x4000", .. comment, "-j", "RETURN"]);
        yield return new(Nat, ["-s", own, "-d", cluster, .. comment, "-j", "RETURN"]);
        yield return new(Nat, ["-s", cluster, "-d", own, .. comment, "-j", "RETURN"]);
        yield return new(Nat, ["!", "-s", cluster, "-d", own, .. comment, "-j", "RETURN"]);
        yield return new(Nat, ["-s", cluster, "!", "-d", multicast, .. comment, .. masquerade]);
        yield return new(Nat, ["!", "-s", cluster, "-d", cluster, .. comment, .. masquerade]);
    }

    /// <summary>The filter table.</summary>
    public static OwnedChains PlanFilter(IPPrefix cluster) =>
        new("filter", cluster.Is6)
        {
            Chains =
            [
                (
                    Filter,
                    [
                        new(Filter, ["-s", $"{cluster}", .. Comment("flanneld forward"), "-j", "ACCEPT"]),
                        new(Filter, ["-d", $"{cluster}", .. Comment("flanneld forward"), "-j", "ACCEPT"]),
                    ]
                ),
            ],
            Jumps = [new("FORWARD", [.. Comment("flanneld forward"), "-j", Filter])],
        };

    private static string[] Comment(string text) => ["-m", "comment", "--comment", text];
}
