using Plugboard.Doctor.Fixing;
using Plugboard.Doctor.Nodes;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Traffic;

namespace Plugboard.Doctor.Checks;

/// <summary>bandwidth's ifbs of pods that are gone, and links of pods whose ifb is gone: what those send is dropped.</summary>
internal sealed class ShapingCheck : ICheck
{
    private const string Kind = "ifb";
    private const string Prefix = "bwp";

    private static readonly TrafficHandle ofClsact = new(0xffff, 0xfff2);

    public string Name => "limits of rates";

    public IEnumerable<Finding> Examine(Node node)
    {
        var redirects = Redirects(node);
        foreach (var port in redirects.Where(static each => each.Target == 0).Select(static each => each.Port))
            yield return Broken(port);
        var used = redirects.Select(static each => each.Target).ToHashSet();
        foreach (var ifb in node.Links.Where(static link => link.Kind == Kind && link.Name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var owner = PodAlias.Parse(ifb.Alias);
            // The reference's have no mark.
            var isGone = owner is { } marked ? node.CacheTells && !node.KnowsContainer(marked.ContainerId) : ifb.Alias.Length == 0;
            if (isGone && !used.Contains(ifb.Index))
                yield return Orphan(ifb, owner);
        }
    }

    // 0: the link to which it redirects is gone.
    private static List<(Link Port, int Target)> Redirects(Node node) =>
        Node.Route(client =>
        {
            var found = new List<(Link, int)>();
            foreach (var qdisc in client.Qdiscs.List().Where(static each => each.Kind is "ingress" or "clsact"))
            {
                if (node.Links.FirstOrDefault(link => link.Index == qdisc.LinkIndex && link.Kind == "veth") is not { } port)
                    continue;
                var filters = client.Filters.List(port.Index, qdisc.Kind == "clsact" ? ofClsact : TrafficHandle.OfIngress);
                found.AddRange(
                    filters
                        .Where(static filter => filter is { MatchesAll: true, Redirects.Count: > 0 })
                        .Select(filter => (port, filter.Redirects[0].LinkIndex))
                );
            }

            return found;
        });

    private static Finding Broken(Link port) =>
        new(
            FindingIds.RedirectBroken,
            Severity.Error,
            $"{port.Name} redirects what its pod sends to a link that is gone",
            "the pod receives and cannot send; the reference's DEL of bandwidth leaves a living pod so",
            $"`tc qdisc delete dev {port.Name} ingress` frees the pod, without its limit; restart the pod to limit it again"
        )
        {
            Subject = port.Name,
            MayPass = true,
        };

    private static Finding Orphan(Link ifb, PodAlias? owner) =>
        new(
            FindingIds.IfbOrphaned,
            Severity.Warning,
            owner is { } gone
                ? $"{ifb.Name} is bandwidth's for container {gone.ContainerId}, which the runtime does not know"
                : $"{ifb.Name} is bandwidth's, and no link redirects to it",
            "it takes memory, and its name, which the reference needs for the next pod of this id",
            $"`ip link delete {ifb.Name}`"
        )
        {
            Subject = ifb.Name,
            MayPass = true,
            Fix = new DeleteIfb(ifb),
        };
}
