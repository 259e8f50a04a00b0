using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// Acquires and renews this node's lease: finds its former lease, else takes a free network; writes what the node advertises. It changes
/// only what it read last, so that two nodes never have one network and no other node's lease is overwritten.
/// </summary>
internal sealed class LeaseRenewer(EtcdOptions options, EtcdClient client, LeaseRegistry registry, TimeProvider time)
{
    private const int Attempts = 10;

    /// <summary>Does the due work, if any.</summary>
    /// <exception cref="EtcdException">etcd did not do it.</exception>
    /// <exception cref="FormatException">There is no network to take, with why.</exception>
    public async Task EnsureAsync(NodeAdvertisement node, CancellationToken cancellation)
    {
        if (node.Addresses.Count == 0)
            throw new FormatException("this node has no address that other nodes could reach; it gets a lease when it has one");
        registry.SetAdvertised(node);
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var own = registry.Own;
            if (own is not null)
                WarnUnsuited(own);
            own ??= FindOwn(node);
            var isDone = own is null
                ? await AcquireAsync(node, cancellation).ConfigureAwait(false)
                : await RefreshAsync(own, registry.Wanted(node), cancellation).ConfigureAwait(false);
            if (isDone)
                return;
            // Another node was faster: read again.
            registry.Load(await KeyList.ReadAsync(client, options.Prefix, cancellation).ConfigureAwait(false));
        }

        throw new EtcdException($"other nodes changed the leases {Attempts} times, each time between reading and writing them");
    }

    /// <summary>The time until the next due work.</summary>
    public TimeSpan UntilDue()
    {
        if (registry.Own is not { Lease: not 0 } own)
            return Timeout.InfiniteTimeSpan;
        var ticks = (own.RenewAt ?? 0) - time.GetTimestamp();
        return ticks <= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)ticks / time.TimestampFrequency);
    }

    // After a restart the end of the lease is unknown, so it is renewed at once.
    private OwnLease? FindOwn(NodeAdvertisement node)
    {
        foreach (var (entry, lease) in registry.FindOurs().OrderBy(found => found.Entry.Key, StringComparer.Ordinal))
        {
            if (!Suits(lease.Subnets))
                continue;
            registry.TakeOver(node, lease.Node);
            return new OwnLease
            {
                Key = lease.Key,
                Subnets = lease.Subnets,
                Value = entry.Value!,
                ModRevision = entry.ModRevision,
                Lease = entry.Lease,
                RenewAt = time.GetTimestamp(),
            };
        }

        return null;
    }

    // The configuration may have changed. Pods use the networks: they stay while this program runs.
    private void WarnUnsuited(OwnLease own)
    {
        if (SubnetChoice.FindFault(registry.Network) is null && !Suits(own.Subnets))
            registry.Complain(
                $"this node's lease {own.Key} does not fit the configuration any more: it stays in force until the coordinator is started "
                    + "again, which then acquires another; drain the node before"
            );
    }

    private bool Suits(ValueArray<IPPrefix> subnets)
    {
        var network = registry.Network;
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            var has = subnets.Where(subnet => subnet.Is6 == is6).ToList();
            if (network.Enables(is6) ? has.Count != 1 || !SubnetChoice.Of(network, is6).Allows(has[0]) : has.Count > 0)
                return false;
        }

        return true;
    }

    private async Task<bool> AcquireAsync(NodeAdvertisement node, CancellationToken cancellation)
    {
        if (await DeleteUnsuitedAsync(cancellation).ConfigureAwait(false))
            return false;
        // The watch goes on meanwhile: the decision must not use data later than this revision.
        var (taken, since) = registry.Taken();
        var subnets = SubnetPicker.Pick(registry.Network, taken, registry.Previous, Random.Shared);
        var (lease, lasts) = await client.GrantAsync(options.LeaseTime, cancellation).ConfigureAwait(false);
        var (key, value) = (SubnetLease.FormatKey(subnets), SubnetLease.FormatValue(node));
        var (isDone, revision) = await TryAsync(
                new EtcdTransaction
                {
                    // The IPv4 network, alone or with any IPv6 one. Without an IPv4 network all such nodes' keys have the same prefix: only
                    // the whole key identifies the owner.
                    AbsentPrefix = registry.LeasePrefix + (subnets[0].Is6 ? key : key.Split('&')[0]),
                    // Two networks in one key, or one behind flannel's zeros: no key proves that they are free.
                    NothingNewPrefix = subnets.Count > 1 || subnets[0].Is6 ? registry.LeasePrefix : null,
                    NothingNewSince = since,
                    Put = new EtcdEntry(registry.LeasePrefix + key, value, 0, lease),
                },
                lease,
                cancellation
            )
            .ConfigureAwait(false);
        if (!isDone)
            return false;

        registry.SetOwn(
            new OwnLease
            {
                Key = key,
                Subnets = subnets,
                Value = value,
                ModRevision = revision,
                Lease = lease,
                RenewAt = RenewAt(lasts),
            },
            node
        );
        registry.Log($"leased {key} for {lasts}");
        return true;
    }

    // A lease of this node's outside the configuration. True if there was one.
    private async Task<bool> DeleteUnsuitedAsync(CancellationToken cancellation)
    {
        var ours = registry.FindOurs();
        foreach (var (entry, _) in ours)
        {
            registry.Log($"the lease {entry.Key} is this node's and does not fit the configuration: released");
            await client
                .TryAsync(
                    new EtcdTransaction
                    {
                        UnchangedKey = entry.Key,
                        UnchangedSince = entry.ModRevision,
                        Delete = entry.Key,
                    },
                    cancellation
                )
                .ConfigureAwait(false);
        }

        return ours.Count > 0;
    }

    private async Task<bool> RefreshAsync(OwnLease own, NodeAdvertisement node, CancellationToken cancellation)
    {
        var (next, granted) = await RenewAsync(own, cancellation).ConfigureAwait(false);
        var value = SubnetLease.FormatValue(node);
        if (granted == 0 && value == own.Value)
        {
            if (registry.Own is null)
                Show(next, node);
            else if (next.RenewAt is { } renewAt)
                registry.SetRenewal(next.Lease, renewAt);
            return true;
        }

        var put = new EtcdEntry(registry.LeasePrefix + own.Key, value, 0, next.Lease);
        var (isDone, revision) = await PutAsync(own, put, granted, cancellation).ConfigureAwait(false);
        if (!isDone)
        {
            registry.ForgetOwn();
            return false;
        }

        Show(next with { Value = value, ModRevision = revision }, node);
        return true;
    }

    private void Show(OwnLease lease, NodeAdvertisement node)
    {
        if (registry.Own is null)
            registry.Log($"found the lease {lease.Key} of this node");
        registry.SetOwn(lease, node);
    }

    // etcd's own lease lasts as long again, where it can: that changes nothing for the other nodes, leaves no lease without a key, and an
    // etcd whose space is used up does it too. Else a new one, by its number, which the key must be given.
    private async Task<(OwnLease Next, long Granted)> RenewAsync(OwnLease own, CancellationToken cancellation)
    {
        if (own.Lease == 0 || await FindDueAsync(own, cancellation).ConfigureAwait(false) > time.GetTimestamp())
            return (own, 0);
        var lasts = await client.KeepAliveAsync(own.Lease, cancellation).ConfigureAwait(false);
        if (lasts >= options.LeaseTime)
            return (own with { RenewAt = RenewAt(lasts) }, 0);
        (var granted, lasts) = await client.GrantAsync(options.LeaseTime, cancellation).ConfigureAwait(false);
        return (own with { Lease = granted, RenewAt = RenewAt(lasts) }, granted);
    }

    private async Task<(bool IsDone, long Revision)> PutAsync(OwnLease own, EtcdEntry put, long granted, CancellationToken cancellation)
    {
        try
        {
            return await TryAsync(
                    new EtcdTransaction
                    {
                        UnchangedKey = put.Key,
                        UnchangedSince = own.ModRevision,
                        Put = put,
                    },
                    granted,
                    cancellation
                )
                .ConfigureAwait(false);
        }
        catch (EtcdException e) when (e.Code == EtcdException.NotFound)
        {
            // The lease has ended meanwhile, and the key with it.
            return (false, 0);
        }
    }

    // A granted lease without a key would stay for a day, and each retry would leave another.
    private async Task<(bool IsDone, long Revision)> TryAsync(EtcdTransaction transaction, long granted, CancellationToken cancellation)
    {
        try
        {
            if (transaction.Put is { } put)
                registry.Contest.Write(put.Value!);
            var result = await client.TryAsync(transaction, cancellation).ConfigureAwait(false);
            if (!result.IsDone && granted != 0)
                await client.RevokeAsync(granted, cancellation).ConfigureAwait(false);
            return result;
        }
        catch (EtcdException e) when (granted != 0 && e.Code is not (0 or EtcdException.Unavailable))
        {
            await client.RevokeAsync(granted, cancellation).ConfigureAwait(false);
            throw;
        }
    }

    // Another process gave the key another lease. If that is a second coordinator with this node's address, two that renewed at once would
    // do so for ever.
    private async Task<long> FindDueAsync(OwnLease own, CancellationToken cancellation)
    {
        if (own.RenewAt is { } known)
            return known;
        var renewAt = RenewAt(await client.FindTimeAsync(own.Lease, cancellation).ConfigureAwait(false));
        registry.SetRenewal(own.Lease, renewAt);
        return renewAt;
    }

    private long RenewAt(TimeSpan lasts)
    {
        var due = lasts - options.RenewMargin;
        if (due < lasts / 4)
            due = lasts / 4;
        return time.GetTimestamp() + (long)(due.TotalSeconds * time.TimestampFrequency);
    }
}
