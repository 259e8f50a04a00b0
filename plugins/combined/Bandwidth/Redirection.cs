using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Traffic;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined.Bandwidth;

/// <summary>
/// The filter that sends what a pod's link on the host receives through an ifb. Alone it is the reference's, with the <c>ingress</c> qdisc
/// that was made for it. Where another program has an <c>ingress</c> or <c>clsact</c> qdisc there, the filter is the last of that one's:
/// the others see the packets first.
/// </summary>
/// <param name="host">The host's links.</param>
/// <param name="link">The pod's link on the host.</param>
internal sealed class Redirection(RouteClient host, Link link)
{
    /// <summary>The reference's, which says that the qdisc is the plugin's too.</summary>
    private const ushort OwnPriority = 1;

    private static readonly TrafficHandle ofClsact = new(0xffff, 0xfff2);
    private static readonly TrafficHandle anyClass = new(1, 1);

    /// <summary>Has the link redirect to the ifb.</summary>
    public void Apply(Link ifb, Rollback rollback)
    {
        var qdisc = host.Qdiscs.Find(link.Index, TrafficHandle.Ingress);
        if (qdisc is null)
        {
            rollback.OnFailure($"remove the ingress qdisc of {link.Name}", () => Undo(ifb.Index));
            // In one: a qdisc without the filter would look like one of another program.
            var both = new RouteBatch();
            both.Add(Qdisc.Ingress(link.Index));
            both.Add(Make(ifb, TrafficHandle.OfIngress, OwnPriority));
            if (host.TryExecute(both) is [var refusal, ..])
                throw Refused(refusal.ToException());
            return;
        }

        var filters = host.Filters.List(link.Index, ParentOf(qdisc));
        var own = filters.Where(filter => TargetOf(filter) is { } target && (target == 0 || target == ifb.Index)).ToList();
        if (own is [var only] && TargetOf(only) == ifb.Index)
            return;
        // Of an ifb that is gone: it drops all packets.
        Delete(own, filters);
        rollback.OnFailure($"remove the filter of {link.Name}", () => Undo(ifb.Index));
        // As the others name the place: the kernel reports them all by the name in the last request.
        var parent = filters is [var other, ..] ? other.Parent : ParentOf(qdisc);
        try
        {
            host.Filters.Add(Make(ifb, parent, own is [var first, ..] ? first.Priority : FreePriority(filters)));
        }
        catch (NetlinkException e)
        {
            throw Refused(e);
        }
    }

    private static ushort FreePriority(IReadOnlyList<Filter> filters)
    {
        var priority = ushort.MaxValue;
        while (filters.Any(filter => filter.Priority == priority))
            priority--;
        return priority;
    }

    private Filter Make(Link ifb, TrafficHandle parent, ushort priority) =>
        new()
        {
            LinkIndex = link.Index,
            Parent = parent,
            Priority = priority,
            Protocol = Filter.AllProtocols,
            Kind = "u32",
            ClassId = anyClass,
            Keys = [FilterKey.Any],
            // The second is never done: the reference has it.
            Redirects = [new Redirect(ifb.Index, FilterVerdict.Stolen), new Redirect(ifb.Index, FilterVerdict.Pass)],
        };

    private void Undo(int ifb)
    {
        using var client = RouteClient.Open();
        new Redirection(client, link).Remove([ifb]);
    }

    /// <summary>The index of the link to which all packets are redirected: 0 if that link is gone; null if nothing is redirected.</summary>
    public int? FindTarget()
    {
        if (host.Qdiscs.Find(link.Index, TrafficHandle.Ingress) is not { } qdisc)
            return null;
        foreach (var filter in host.Filters.List(link.Index, ParentOf(qdisc)))
        {
            if (TargetOf(filter) is { } target)
                return target;
        }

        return null;
    }

    /// <summary>
    /// Removes the filter that redirects to one of these ifbs, or to one that is gone; the qdisc too if it was made for the filter and has
    /// no other.
    /// </summary>
    public void Remove(IReadOnlyCollection<int> ifbs)
    {
        if (host.Qdiscs.Find(link.Index, TrafficHandle.Ingress) is not { } qdisc)
            return;
        var filters = host.Filters.List(link.Index, ParentOf(qdisc));
        var own = filters.Where(filter => TargetOf(filter) is { } target && (target == 0 || ifbs.Contains(target))).ToList();
        if (own.Count == filters.Count && own is [{ Priority: OwnPriority }] && qdisc.Kind == "ingress")
            host.Qdiscs.Delete(link.Index, TrafficHandle.Ingress);
        else
            Delete(own, filters);
    }

    // With its priority if that has no other: by its handle alone, the last u32 leaves an empty priority where others have some (cls_u32.c,
    // u32_delete).
    private void Delete(List<Filter> own, IReadOnlyList<Filter> filters)
    {
        foreach (var filter in own)
        {
            var isAlone = filters.Count(each => each.Priority == filter.Priority) == 1;
            host.Filters.Delete(isAlone ? filter with { Handle = 0 } : filter);
        }
    }

    private static TrafficHandle ParentOf(Qdisc qdisc) => qdisc.Kind == "clsact" ? ofClsact : TrafficHandle.OfIngress;

    // By its content.
    private static int? TargetOf(Filter filter) =>
        filter is { MatchesAll: true, Redirects.Count: > 0, Protocol: Filter.AllProtocols } && filter.ClassId == anyClass
            ? filter.Redirects[0].LinkIndex
            : null;

    private CniException Refused(NetlinkException e) =>
        e.Errno == Errno.ENOENT
            ? KernelSupport.Lacks(
                "redirection (ingress, u32, mirred)",
                "the modules sch_ingress, cls_u32 and act_mirred",
                e,
                "egressRate and egressBurst"
            )
            : new CniException(
                CniErrorCode.TryAgainLater,
                $"add filter: {e.Message}",
                $"tc filter show dev {link.Name} ingress lists the filters of other programs that may be in the way",
                e
            );
}
