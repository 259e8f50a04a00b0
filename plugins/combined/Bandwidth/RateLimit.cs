using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Traffic;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined.Bandwidth;

/// <summary>The limit of what a link sends.</summary>
/// <param name="host">The host's links.</param>
/// <param name="link">The link.</param>
/// <param name="subnets">The part of the packets that it is for; null: all.</param>
internal sealed class RateLimit(RouteClient host, Link link, SubnetSelection? subnets)
{
    /// <summary>Sets the limit, in place of one that is there.</summary>
    /// <exception cref="CniException">
    /// Code 7: the link has a qdisc of another program. Code 2: the kernel has no such qdisc or filter.
    /// </exception>
    public void Apply(TokenBucket bucket, Rollback rollback)
    {
        var before = Shaping.Find(host, link.Index);
        if (before is { IsOwn: false })
            throw Foreign(before.Root);
        // By a client of its own: that of ADD is closed where the rollback comes after it.
        rollback.OnFailure($"restore the rate of {link.Name}", () => Restore(link.Index, before));
        try
        {
            Shaping.Of(link.Index, bucket, subnets).Replace(host, before);
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENOENT)
        {
            throw subnets is null
                ? KernelSupport.Lacks("token buckets (tbf)", "the module sch_tbf (CONFIG_NET_SCH_TBF)", e, "the limits")
                : KernelSupport.Lacks(
                    "limits by subnet (htb, u32)",
                    "the modules sch_htb (CONFIG_NET_SCH_HTB) and cls_u32 (CONFIG_NET_CLS_U32)",
                    e,
                    string.Join(" and ", SubnetSelection.Keys)
                );
        }
    }

    private static void Restore(int index, Shaping? before)
    {
        using var client = RouteClient.Open();
        var present = Shaping.Find(client, index);
        if (before is not null)
            before.Replace(client, present);
        // Also one whose classes or filters were refused.
        else if (present?.Root.Handle == new TrafficHandle(1, 0))
            client.Qdiscs.Delete(index, TrafficHandle.Root);
    }

    /// <summary>Throws what is not as <see cref="Apply"/> left it.</summary>
    public void Check(TokenBucket bucket)
    {
        var present = Shaping.Find(host, link.Index);
        if (Shaping.FindDifference(present, bucket, subnets) is not { } difference)
            return;
        var kind = subnets is null ? "tbf" : "htb";
        throw new CniException(
            CniErrorCode.NotAsAdded,
            difference,
            present is { IsOwn: true } && (subnets is null || present.Root.Htb is not null)
                ? $"the {present.Root.Kind} of {link.Name}, or the network config, was changed after ADD"
                : $"{link.Name} has {(present is null ? "no qdisc" : $"the qdisc {present.Root.Kind}")} where the config wants a {kind}: "
                    + "its rate is not limited as the config says"
        );
    }

    /// <summary>Removes the limit, if it is there.</summary>
    public void Remove()
    {
        if (Shaping.Find(host, link.Index) is { IsOwn: true })
            host.Qdiscs.Delete(link.Index, TrafficHandle.Root);
    }

    private CniException Foreign(Qdisc root) =>
        new(
            CniErrorCode.InvalidNetworkConfig,
            $"create qdisc: {link.Name} has the qdisc {root.Kind} {root.Handle} already",
            "another program shapes what this link sends, and only one can: remove that qdisc, or the limits from the network config"
        );
}
