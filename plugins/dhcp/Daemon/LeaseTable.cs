using Plugboard.Addresses;
using Plugboard.Dhcp.Gob;
using Plugboard.Dhcp.Wire;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Daemon;

/// <summary>The leases of the node: what calls, time and servers do to them, and their files.</summary>
internal sealed class LeaseTable
{
    private readonly Dictionary<Attachment, LeaseHolder> holders = [];
    private readonly DaemonOptions options;
    private readonly LeaseFiles files;
    private readonly Action<string> log;
    private readonly LeaseEvents events;

    public LeaseTable(DaemonOptions options, LeaseFiles files, Action<string> log)
    {
        (this.options, this.files, this.log) = (options, files, log);
        events = new LeaseEvents(OnHeld, OnLost, OnFailed, log);
    }

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<LeaseHolder> Holders => holders.Values;

    /// <summary>
    /// Takes over what the files say: leases go on, or are given back if DEL has been or the pod is gone. Then those of pods that have a
    /// lease by the runtimes' results, and none by the files: another make of daemon held them.
    /// </summary>
    public void Adopt()
    {
        var now = BootClock.Milliseconds;
        var known = new HashSet<Attachment>();
        foreach (var (record, mustRelease) in files.ReadAll(log))
        {
            try
            {
                known.Add(record.Owner);
                // A time that has not come yet is of another boot, on a filesystem that outlived it: the pods did not.
                if (record.Acquired > now || record.Acquired6 > now || LeaseHolder.Adopt(record, options, events, now) is not { } holder)
                {
                    files.Remove(record.Owner);
                    continue;
                }

                holders[record.Owner] = holder;
                if (mustRelease)
                    Drop(holder, "DEL came while the daemon was away", now);
                else if (record.IsPending)
                    Drop(holder, "the daemon ended before its ADD did", now);
                else if (holder.FindFault() is var (reason, isGone))
                    GiveUpOrKeep(holder, reason, isGone);
            }
            catch (Exception e)
            {
                log($"{record.Owner}: its lease cannot be taken over: {e.Message}");
            }
        }

        if (holders.Count > 0)
            log($"{holders.Count} leases taken over from {files.Directory}");
        foreach (var cached in new RuntimeCache(options).ReadAll(log))
        {
            if (known.Add(cached.Order.Owner))
                Resume(cached, now);
        }
    }

    // A pod that is gone, as after a reboot, leaves its result behind until the runtime removes it.
    private void Resume(CachedAttachment cached, long now)
    {
        try
        {
            if (LeaseHolder.Resume(cached, options, events, now) is not { } holder)
                return;
            holders[cached.Order.Owner] = holder;
            log(
                $"{cached.Order.Owner}: {string.Join(", ", cached.Addresses)} taken over from {cached.Path}; "
                    + "the servers are asked to confirm it"
            );
        }
        catch (Exception e) when (PodNetwork.IsUnreachable(e))
        {
            // Its runtime calls DEL, or has called it.
        }
        catch (Exception e)
        {
            log($"{cached.Order.Owner}: its lease cannot be taken over: {e.Message}");
        }
    }

    private void GiveUpOrKeep(LeaseHolder holder, string reason, bool isGone)
    {
        if (isGone)
            Drop(holder, reason, BootClock.Milliseconds);
        else
            log($"{holder.Order.Owner}: its lease stays, though its interface cannot be reached: {reason}");
    }

    /// <summary>Serves a call, now or when the server has answered.</summary>
    public void Serve(Connection connection, RpcCall call)
    {
        try
        {
            switch (call.Method)
            {
                case RpcMethod.Allocate:
                    Allocate(connection, LeaseOrder.From(call));
                    break;
                case RpcMethod.Release:
                    Release(LeaseOrder.From(call).Owner);
                    connection.Reply("", null);
                    break;
                case RpcMethod.Check:
                    Check(LeaseOrder.From(call));
                    connection.Reply("", holders[LeaseOrder.From(call).Owner].Result);
                    break;
                case RpcMethod.Families:
                    connection.Reply("", null);
                    break;
                case RpcMethod.Collect:
                    Collect(call);
                    connection.Reply("", null);
                    break;
                default:
                    connection.Reply($"rpc: can't find method {call.Method}", null);
                    break;
            }
        }
        catch (Exception e)
        {
            log($"{call.Method} {call.ContainerId}/{call.IfName}: {e.Message}");
            connection.Reply(e is CniException { Details.Length: > 0 } known ? $"{e.Message}; {known.Details}" : e.Message, null);
        }
    }

    private void Allocate(Connection connection, LeaseOrder order)
    {
        var now = BootClock.Milliseconds;
        if (holders.TryGetValue(order.Owner, out var known))
        {
            var isSame = known.Order.NetNs == order.NetNs && known.FindFault() is null;
            if (isSame && known.IsComplete)
            {
                connection.Reply("", known.Result);
                return;
            }

            if (isSame && known.Waiting.Count > 0)
            {
                known.Waiting.Add(connection);
                return;
            }

            // Another pod of the name, or a lease that was lost: the server gives this client the same address again.
            Forget(known, "another ADD has come for it");
        }

        var holder = LeaseHolder.Start(order, options, events, now);
        holders[order.Owner] = holder;
        holder.Waiting.Add(connection);
    }

    private void Release(Attachment owner)
    {
        if (holders.TryGetValue(owner, out var holder))
            Drop(holder, "DEL", BootClock.Milliseconds);
        else
            files.Remove(owner);
    }

    private void Check(LeaseOrder order)
    {
        if (!holders.TryGetValue(order.Owner, out var holder))
            throw new InvalidOperationException("the daemon has no lease for it");
        if (holder.FindFault() is var (reason, _))
            throw new InvalidOperationException(reason);
        if (!holder.IsComplete)
            throw new InvalidOperationException("its lease is lost, and no server has given another yet");
        if (holder.FindMissing(order.ReadConfig()) is { } missing)
            throw new InvalidOperationException(missing);
        if (holder.Inet6?.FindFault() is { } duplicate)
            throw new InvalidOperationException(duplicate);
    }

    private void Collect(RpcCall call)
    {
        var config = NetworkConfig.Parse(call.StdinData);
        var request = new CniRequest
        {
            Verb = CniVerb.Gc,
            StdinBytes = call.StdinData,
            Config = config.Root,
            NetworkName = config.Name,
            CniVersion = config.DecodeVersion(),
        };
        if (request.FindValidAttachments() is not { } valid)
            return;
        foreach (var holder in holders.Values.ToList())
        {
            if (holder.Order.Owner.Network == config.Name && !valid.Contains(holder.Order.Owner))
                Drop(holder, "GC", BootClock.Milliseconds);
        }
    }

    /// <summary>The plugin that waits on a connection is gone: what only it waits for is not wanted any more.</summary>
    public void OnClosed(Connection connection)
    {
        foreach (var holder in holders.Values.ToList())
        {
            if (holder.Waiting.Remove(connection) && holder.Waiting.Count == 0 && !holder.IsComplete)
                Drop(holder, "the plugin that asked for it has ended", BootClock.Milliseconds);
        }
    }

    private void OnHeld(LeaseHolder holder)
    {
        if (!TryStore(holder) || holder.Waiting.Count == 0 || !holder.IsComplete)
            return;
        foreach (var client in holder.Clients)
            log($"{holder.Order.Owner}: {client.Description}");
        var delivered = false;
        foreach (var connection in holder.Waiting)
            delivered |= connection.Reply("", holder.Result);
        holder.Waiting.Clear();
        if (!delivered)
            Drop(holder, "the plugin that asked for it has ended", BootClock.Milliseconds);
    }

    // A first lease that the next daemon would not know is given back; one that is extended stays, in the file that there was.
    private bool TryStore(LeaseHolder holder)
    {
        try
        {
            Store(holder);
            return true;
        }
        catch (ErrnoException e)
        {
            log($"{holder.Order.Owner}: {e.Message}");
            if (holder.Waiting.Count > 0)
                Drop(holder, $"the lease cannot be stored: {e.Message}", BootClock.Milliseconds);
            return false;
        }
    }

    private void Store(LeaseHolder holder)
    {
        var (lease, lease6) = (holder.Inet?.Last, holder.Inet6?.Last);
        files.Write(
            new LeaseRecord
            {
                Owner = holder.Order.Owner,
                NetNs = holder.Order.NetNs,
                Args = holder.Order.Args,
                Config = holder.Order.StdinData,
                Hardware = holder.Hardware,
                HostLink = holder.HostLinkName,
                Acquired = lease?.Acquired ?? 0,
                ServerHardware = lease?.ServerHardware ?? default,
                Ack = lease is null ? [] : DhcpWriter.Write(lease.Ack),
                Acquired6 = lease6?.Acquired ?? 0,
                LinkLocal = holder.Inet6?.LinkLocal,
                Reply6 = lease6 is null ? [] : Dhcp6Reader.Write(lease6.Reply),
                IsPending = holder.Waiting.Count > 0 && !holder.IsComplete,
            }
        );
    }

    private void OnLost(LeaseHolder holder, string reason) =>
        log($"{holder.Order.Owner}: its lease is lost: {reason}; looking for another");

    // What one family has got is given back with the other's failure.
    private void OnFailed(LeaseHolder holder, string reason)
    {
        log($"{holder.Order.Owner}: {reason}");
        Drop(holder, reason, BootClock.Milliseconds);
    }

    // Gives the leases back, as far as there are any, and forgets them.
    private void Drop(LeaseHolder holder, string reason, long now)
    {
        foreach (var client in holder.Clients)
        {
            var address = client.Held;
            var failure = client.Release(now);
            if (failure is not null)
                log($"{holder.Order.Owner}: {address} is not released: {failure}");
            else if (address is not null)
                log($"{holder.Order.Owner}: {address} released: {reason}");
        }

        Forget(holder, reason);
    }

    private void Forget(LeaseHolder holder, string reason)
    {
        foreach (var connection in holder.Waiting)
            connection.Reply(reason, null);
        holder.Waiting.Clear();
        holders.Remove(holder.Order.Owner);
        holder.Dispose();
        try
        {
            files.Remove(holder.Order.Owner);
        }
        catch (ErrnoException e)
        {
            // The next daemon finds the file, and the pod gone.
            log($"{holder.Order.Owner}: {e.Message}");
        }
    }
}
