using System.Text;
using Plugboard.Addresses;
using Plugboard.Dhcp.Gob;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Daemon;

/// <summary>
/// <c>dhcp handover</c>: asks the daemon that listens, of whichever make, to hold every lease that the node's pods have. The reference's
/// has no memory of its own; asked for a lease that it does not know, it takes one for the same client, to which a server gives the same
/// address.
/// </summary>
internal static class Handover
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private const int UsageError = 2;

    private const string Help = """
        Asks the daemon that listens to hold the leases that the node's pods have: on the way from this daemon to the reference's.

        Usage: dhcp handover [flags]
          -socketpath PATH      where it listens (default /run/cni/dhcp.sock)
          -hostprefix DIR       as of dhcp daemon
          -results DIRS         as of dhcp daemon
        The exit code is 0 if it holds each of them, with the address that the pod has.

        """;

    /// <summary>Hands all leases over, and returns the exit code.</summary>
    public static int Run(IReadOnlyList<string> flags)
    {
        var options = DaemonOptions.Parse(flags, out var fault);
        if (options is { WantsHelp: true })
        {
            StandardError.Write(Encoding.UTF8.GetBytes(Help));
            return 0;
        }

        if (
            options is not null
            && options with { SocketPath = "", HostPrefix = "", Results = [] } != new DaemonOptions { SocketPath = "", Results = [] }
        )
            fault = "the other flags are those of dhcp daemon";
        if (options is null || fault.Length > 0)
        {
            StandardError.WriteLine($"dhcp handover: {fault}; dhcp handover -help lists the flags");
            return UsageError;
        }

        try
        {
            return TryRun(options) ? 0 : 1;
        }
        catch (ErrnoException e)
        {
            StandardError.WriteLine($"dhcp handover: {e.Message}");
            return 1;
        }
    }

    private static bool TryRun(DaemonOptions options)
    {
        var socketPath = new HostPaths(options.HostPrefix).Find(options.SocketPath);
        var files = LeaseFiles.Of(socketPath);
        // Free unless a daemon of this make is the one that listens.
        using var free = files.TryLock();
        var known = new HashSet<Attachment>();
        var (done, failed) = (0, 0);
        foreach (var (record, mustRelease) in files.ReadAll(StandardError.WriteLine))
        {
            known.Add(record.Owner);
            var order = new LeaseOrder(record.Owner, record.NetNs, record.Args, record.Config);
            IPPrefix[] addresses =
            [
                .. new[] { record.FindLease()?.Address, record.FindLease6(isStateless: false)?.Prefix }.OfType<IPPrefix>(),
            ];
            if (mustRelease || record.IsPending || addresses.Length == 0)
                continue;
            var isDone = TryHandOver(socketPath, order, addresses);
            Count(isDone);
            // Its times are the other daemon's from now on.
            if (isDone && free is not null)
                files.Remove(record.Owner);
        }

        foreach (var cached in new RuntimeCache(options).ReadAll(StandardError.WriteLine))
        {
            if (known.Add(cached.Order.Owner) && IsAlive(cached, options))
                Count(TryHandOver(socketPath, cached.Order, cached.Addresses));
        }

        StandardError.WriteLine($"{done} leases handed over to the daemon at {socketPath}, {failed} failed");
        return failed == 0;

        void Count(bool isDone) => (done, failed) = isDone ? (done + 1, failed) : (done, failed + 1);
    }

    private static bool TryHandOver(string socketPath, LeaseOrder order, IReadOnlyList<IPPrefix> addresses)
    {
        var all = string.Join(", ", addresses);
        try
        {
            var reply = new DaemonClient(socketPath).Call(ToCall(order), Limit);
            if (reply.Error.Length > 0)
                throw new DaemonException(reply.Error);
            var given = reply.Result?.IPs is { Count: > 0 } ips ? ips : throw new DaemonException("its answer has no address");
            foreach (var address in addresses)
            {
                if (given.Any(each => each.Address == address))
                    continue;
                throw new DaemonException(
                    address.Is6 && !given.Any(static each => each.Address.Is6)
                        ? $"that daemon gives no IPv6 address, and the pod has {address}: remove ipam.families and restart the pod"
                        : $"its server gave {string.Join(", ", given.Select(static each => each.Address))}, and the pod has {address}: "
                            + "restart the pod"
                );
            }

            StandardError.WriteLine($"{order.Owner}: {all} handed over");
            return true;
        }
        catch (Exception e) when (e is CniException or DaemonException or ErrnoException)
        {
            StandardError.WriteLine($"{order.Owner}: {all} not handed over: {e.Message}");
            return false;
        }
    }

    private static bool IsAlive(CachedAttachment cached, DaemonOptions options)
    {
        try
        {
            var path = new HostPaths(options.HostPrefix).Find(cached.Order.NetNs);
            return cached.Addresses.All(new PodNetwork(path, isOfProcess: false, cached.Order.Owner.IfName).HasAddress);
        }
        catch (Exception e) when (PodNetwork.IsUnreachable(e))
        {
            return false;
        }
    }

    private static RpcCall ToCall(LeaseOrder order) =>
        new()
        {
            Method = RpcMethod.Allocate,
            ContainerId = order.Owner.ContainerId,
            NetNs = order.NetNs,
            IfName = order.Owner.IfName,
            Args = order.Args,
            StdinData = order.StdinData,
        };
}
