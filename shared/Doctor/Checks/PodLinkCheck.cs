using System.Text.RegularExpressions;
using Plugboard.Doctor.Nodes;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// What failed or forgotten calls left inside namespaces: links with the name that they have only for a moment, VRFs without interfaces,
/// rules of sbr for addresses that are gone.
/// </summary>
internal sealed partial class PodLinkCheck : ICheck
{
    private static readonly string[] kinds = ["macvlan", "ipvlan", "vlan", "tun"];

    public string Name => "links and rules inside pods";

    public IEnumerable<Finding> Examine(Node node)
    {
        foreach (var link in node.Links.Where(IsTemporary))
            yield return Leftover(link, null);
        var vrfs = node.Plugins.Select(static plugin => plugin.Vrf).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var hasSourceRouting = node.Plugins.Any(static plugin => plugin.Type == "sbr");
        foreach (var space in node.Namespaces.Spaces)
        {
            foreach (var finding in Judge(space.Links, vrfs, space.Path))
                yield return finding;
            if (!hasSourceRouting)
                continue;
            foreach (var rule in space.FindRulesWithoutAddress())
                yield return Rule(rule, space.Path);
        }
    }

    /// <summary>What is wrong with the links of a namespace.</summary>
    internal static IEnumerable<Finding> Judge(IReadOnlyList<Link> links, IReadOnlySet<string> vrfs, string path)
    {
        foreach (var link in links.Where(IsTemporary))
            yield return Leftover(link, path);
        foreach (var vrf in links.Where(link => link.Kind == "vrf" && vrfs.Contains(link.Name)))
        {
            if (!links.Any(link => link.MasterIndex == vrf.Index))
                yield return EmptyVrf(vrf, path);
        }
    }

    private static bool IsTemporary(Link link) => kinds.Contains(link.Kind) && TemporaryName().IsMatch(link.Name);

    // What plugins call a link until it has its name in the pod; the reference leaves it there where an ADD fails.
    [GeneratedRegex("^veth[0-9a-f]{8}$", RegexOptions.None, 1000)]
    private static partial Regex TemporaryName();

    private static string In(string? path) => path is null ? "" : $"nsenter --net={path} ";

    private static string Where(string? path) => path is null ? "on the node" : $"in {path}";

    private static Finding Leftover(Link link, string? path) =>
        new(
            FindingIds.LinkLeftover,
            Severity.Warning,
            $"{link.Name} {Where(path)} is a {(link.Kind == "tun" ? "tap device" : link.Kind)} with the name of an ADD that did not end",
            "a VLAN or a master in passthru mode that it holds is refused to the next pod",
            $"`{In(path)}ip link delete {link.Name}`"
        )
        {
            Subject = $"{path} {link.Name}",
            MayPass = true,
        };

    private static Finding EmptyVrf(Link vrf, string path) =>
        new(
            FindingIds.VrfEmpty,
            Severity.Notice,
            $"VRF {vrf.Name} {Where(path)} has no interface",
            "its interface was removed without vrf's DEL; the VRF keeps its routing table",
            $"`{In(path)}ip link delete {vrf.Name}`"
        )
        {
            Subject = $"{path} {vrf.Name}",
            MayPass = true,
        };

    private static Finding Rule(RoutingRule rule, string path) =>
        new(
            FindingIds.SbrRuleStale,
            Severity.Notice,
            $"{rule} {Where(path)} is for an address that no link there has",
            "sbr's DEL never came, or was the reference's: the next interface with the address is routed by a table that is not its own",
            $"`{In(path)}ip {(rule.Family == AddressFamily.IPv6 ? "-6 " : "")}rule delete from {rule.Source} lookup {rule.Table}`"
        )
        {
            Subject = $"{path} {rule}",
            MayPass = true,
        };
}
