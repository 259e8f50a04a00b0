using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Traffic;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined.Bandwidth;

/// <summary>The token bucket for what a link sends.</summary>
/// <param name="host">The host's links.</param>
/// <param name="link">The link.</param>
internal sealed class RateLimit(RouteClient host, Link link)
{
    private const string Kind = "tbf";

    /// <summary>Sets the bucket, in place of one that is there.</summary>
    /// <exception cref="CniException">Code 7: the link has a qdisc of another program. Code 2: the kernel has no tbf.</exception>
    public void Apply(TokenBucket bucket, Rollback rollback)
    {
        var root = host.Qdiscs.Find(link.Index, TrafficHandle.Root);
        if (root is { Handle.Value: not 0 } && !IsBucket(root))
            throw Foreign(root);
        var before = root?.Tbf;
        // By a client of its own: that of ADD is closed where the rollback comes after it.
        rollback.OnFailure($"restore the rate of {link.Name}", () => Restore(link.Index, before));
        try
        {
            host.Qdiscs.Replace(Qdisc.AtRoot(link.Index, bucket.Tbf));
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENOENT)
        {
            throw KernelSupport.Lacks("token buckets (tbf)", "the module sch_tbf (CONFIG_NET_SCH_TBF)", e, "the limits");
        }
    }

    private static void Restore(int index, Tbf? before)
    {
        using var client = RouteClient.Open();
        if (before is not null)
            client.Qdiscs.Replace(Qdisc.AtRoot(index, before));
        else if (IsBucket(client.Qdiscs.Find(index, TrafficHandle.Root)))
            client.Qdiscs.Delete(index, TrafficHandle.Root);
    }

    private static bool IsBucket(Qdisc? root) => root is { Kind: Kind, Handle: { Major: 1, Minor: 0 } };

    /// <summary>Throws what is not as <see cref="Apply"/> left it.</summary>
    public void Check(TokenBucket bucket)
    {
        var root = host.Qdiscs.Find(link.Index, TrafficHandle.Root);
        if (root?.Tbf is not { } present)
        {
            throw new CniException(
                CniErrorCode.NotAsAdded,
                "Failed to find qdisc",
                $"{link.Name} has {(root is null ? "no qdisc" : $"the qdisc {root.Kind}")} where ADD set a tbf: its rate is not limited"
            );
        }

        if (bucket.FindDifference(present) is { } difference)
            throw new CniException(CniErrorCode.NotAsAdded, difference, $"another program changed the tbf of {link.Name} after ADD");
    }

    /// <summary>Removes the bucket, if it is there.</summary>
    public void Remove()
    {
        if (IsBucket(host.Qdiscs.Find(link.Index, TrafficHandle.Root)))
            host.Qdiscs.Delete(link.Index, TrafficHandle.Root);
    }

    private CniException Foreign(Qdisc root) =>
        new(
            CniErrorCode.InvalidNetworkConfig,
            $"create qdisc: {link.Name} has the qdisc {root.Kind} {root.Handle} already",
            "another program shapes what this link sends, and only one can: remove that qdisc, or the limits from the network config"
        );
}
