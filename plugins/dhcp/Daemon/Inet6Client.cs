using System.Runtime.InteropServices;
using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Client6;
using Plugboard.Dhcp.Wire;
using Plugboard.Linux;
using Plugboard.Linux.Sockets;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Daemon;

/// <summary>The client of IPv6: a UDP socket in the pod for messages, a packet socket for probes, one of them at a time.</summary>
internal sealed class Inet6Client : FamilyClient
{
    private const int LargestPacket = 4096;

    // The plugin puts the address on the interface after the daemon's answer, and the kernel probes for it up to two seconds.
    private const long DetectionPause = 5000;

    private LinkUdpSocket? socket;
    private PacketSocket? prober;
    private Client6State state = null!;
    private long detectAt = Client.Lease.Never;

    private Inet6Client(ClientParts parts)
        : base(parts) { }

    /// <inheritdoc/>
    public override long Due => Math.Min(state.Due, detectAt);

    /// <inheritdoc/>
    public override SafeHandle? Socket => socket is not null ? socket : prober;

    /// <summary>The lease; null if it has none.</summary>
    public Lease6? Lease => state.HasLease ? state.Lease : null;

    /// <summary>The lease that it has, or had last.</summary>
    public Lease6? Last { get; private set; }

    /// <summary>The link-local address that it speaks from; null: it was never known.</summary>
    public IPAddr? LinkLocal { get; private set; }

    /// <inheritdoc/>
    public override bool IsComplete => state.HasLease;

    /// <inheritdoc/>
    public override string? Description =>
        Lease switch
        {
            null => null,
            { Prefix: { } prefix } lease => $"{prefix} from server {Convert.ToHexStringLower(lease.Server)}, for {Seconds(lease)}",
            var lease => $"DNS from server {Convert.ToHexStringLower(lease.Server)}",
        };

    /// <inheritdoc/>
    public override CniResult? Result => Lease is { } lease ? Lease6Result.From(lease) : null;

    private static string Seconds(Lease6 lease) =>
        lease.Expiry == Client.Lease.Never ? "ever" : $"{(lease.Expiry - lease.Acquired) / 1000} s";

    private Client6Profile Profile => Client6Profile.From(Holder.Order.Owner, Parts.Config.IsStateless);

    /// <summary>Begins to look for a lease.</summary>
    /// <exception cref="Exception">The interface cannot have IPv6, or takes no advertisements.</exception>
    public static Inet6Client Start(ClientParts parts, long now)
    {
        parts.Network.PrepareIPv6(needsRoutes: !parts.Config.IsStateless);
        var client = new Inet6Client(parts);
        client.state = Client6State.Start(client.Profile, parts.Options.Timings, RandomBits.Next(), now);
        return client;
    }

    /// <summary>Goes on with a lease that another process has left.</summary>
    public static Inet6Client Adopt(ClientParts parts, Lease6 lease, IPAddr? linkLocal, long now)
    {
        var client = new Inet6Client(parts)
        {
            Placed = lease.Prefix,
            Last = lease,
            LinkLocal = linkLocal,
            detectAt = lease.Address is null ? Client.Lease.Never : now + DetectionPause,
        };
        client.state =
            lease.Address is not { } address || now < lease.Expiry
                ? Client6State.Adopt(client.Profile, parts.Options.Timings, RandomBits.Next(), lease)
                : Client6State.Resume(client.Profile, parts.Options.Timings, RandomBits.Next(), address, lease, now);
        return client;
    }

    /// <summary>Has the servers extend an address by a lease that is unknown.</summary>
    public static Inet6Client Resume(ClientParts parts, IPPrefix address, long now)
    {
        var client = new Inet6Client(parts) { Placed = address };
        client.state = Client6State.Resume(client.Profile, parts.Options.Timings, RandomBits.Next(), address.Address, null, now);
        return client;
    }

    /// <inheritdoc/>
    public override void OnTime(long now)
    {
        if (now >= detectAt)
            Detect(now);
        if (now >= state.Due)
            Apply(Client6Machine.Next(state, new Tick(), now), now);
    }

    // What the kernel found after the probe: it has run its own detection since the plugin put the address there.
    private void Detect(long now)
    {
        detectAt = Client.Lease.Never;
        if (Held is not { } held || Lease is null)
            return;
        try
        {
            var found = Network.FindAddress(held.Address);
            if (found is { IsDadFailed: true })
                Apply(Client6Machine.Next(state, new Contested(Duplicate(held)), now), now);
            else if (found is { IsTentative: true })
                detectAt = now + DetectionPause;
        }
        catch (Exception e) when (PodNetwork.IsUnreachable(e))
        {
            // Its renewal says so, or DEL comes.
        }
    }

    private static string Duplicate(IPPrefix address) => $"the kernel has found {address.Address} at another node (dadfailed)";

    /// <summary>Why the address is of no use though the lease is there; null if it is of use.</summary>
    public string? FindFault() => Held is { } held && Network.FindAddress(held.Address) is { IsDadFailed: true } ? Duplicate(held) : null;

    /// <inheritdoc/>
    public override void OnPacket(long now)
    {
        var buffer = new byte[LargestPacket];
        try
        {
            while (socket?.TryReceive(buffer, out var from, out var port) is { } length)
            {
                if (from.IsLinkLocalUnicast && port == Dhcp6Ports.Server && Dhcp6Reader.Read(buffer.AsSpan(0, length)) is { } message)
                    Apply(Client6Machine.Next(state, new Arrived6(message), now), now);
            }

            while (prober?.TryReceive(buffer, out _, out var hardware) is { } length)
            {
                // What a switch sends back is the pod's own.
                if (hardware == Holder.Hardware || NeighbourPacket.Read(buffer.AsSpan(0, length)) is not { } heard)
                    continue;
                if (state is { Phase: Client6Phase.Probing, Lease.Address: { } address } && heard.Contests(address))
                    Apply(Client6Machine.Next(state, new Contested($"neighbour discovery: {hardware} has {address}"), now), now);
            }
        }
        catch (ErrnoException e)
        {
            // The link was set down or removed: the next message says which.
            Events.Log($"{Holder.Order.Owner}: {e.Message}");
            CloseSocket();
        }
    }

    /// <inheritdoc/>
    public override string? Release(long now)
    {
        var step = Client6Machine.Next(state, IsDuplicate() ? new Contested("duplicate") : new Stop(), now);
        state = step.State;
        string? failure = null;
        foreach (var sent in step.Actions.OfType<Transmit6>())
        {
            if (!TrySend(sent))
                failure = HostLink.TrySend(Holder.HostLinkName, Holder.Hardware, LinkLocal, sent.Message);
        }

        CloseSocket();
        return failure;
    }

    private bool IsDuplicate()
    {
        try
        {
            return FindFault() is not null;
        }
        catch (Exception e) when (PodNetwork.IsUnreachable(e))
        {
            return false;
        }
    }

    private bool TrySend(Transmit6 sent)
    {
        try
        {
            Send(sent);
            return true;
        }
        catch (Exception e) when (PodNetwork.IsUnreachable(e))
        {
            return false;
        }
    }

    private void Apply(Client6Step step, long now)
    {
        var wasUnconfirmed = state.IsUnconfirmed;
        state = step.State;
        foreach (var action in step.Actions)
            Do(action, now);
        if (wasUnconfirmed && Lease is not null)
            Events.Log($"{Holder.Order.Owner}: {Description}: confirmed");
        else if (wasUnconfirmed && state.Phase == Client6Phase.Soliciting && !IsLost)
            Events.Log($"{Holder.Order.Owner}: no server confirms {Placed}; it stays while another lease is looked for");
        if (state.Phase is Client6Phase.Bound or Client6Phase.Ended)
            CloseSocket();
    }

    private void Do(ClientAction action, long now)
    {
        switch (action)
        {
            case FindLinkLocal:
                // A namespace that cannot be reached now is not looked for ten times a second.
                SendOrReport(
                    () => Look(now),
                    reason =>
                    {
                        See(reason);
                        Postpone(now);
                    }
                );
                break;
            case Transmit6 sent:
                SendOrReport(() => Send(sent), See);
                break;
            case Probe6 probe:
                SendOrReport(() => Ask(probe.Address), See);
                break;
            case Hold6 hold:
                Last = hold.Lease;
                if (hold.Lease.Prefix is { } address)
                {
                    Place(address, Lease6Result.From(hold.Lease));
                    // A renewal that comes sooner does not put it off.
                    detectAt = Math.Min(detectAt, now + DetectionPause);
                }

                Events.Held(Holder);
                break;
            case Lose lose:
                Displace($"IPv6: {lose.Reason}");
                break;
            case Fail fail:
                Events.Failed(Holder, fail.Reason + Network.DescribeState());
                break;
        }
    }

    private void See(string reason) => state = Client6Machine.Saw(state, reason);

    private void Look(long now)
    {
        LinkLocal = Network.FindLinkLocal(Holder.Hardware, Holder.Held, out var reason);
        Apply(Client6Machine.Next(state, LinkLocal is null ? new NotLinked(reason) : new Linked(), now), now);
    }

    private void Send(Transmit6 sent)
    {
        prober?.Dispose();
        prober = null;
        if (socket is null)
            (socket, LinkLocal) = Network.OpenUdpSocket(Holder.Hardware, Holder.Held);
        socket.Send(Dhcp6Ports.AllServers, Dhcp6Ports.Server, Dhcp6Reader.Write(sent.Message));
    }

    private void Ask(IPAddr address)
    {
        socket?.Dispose();
        socket = null;
        prober ??= Network.OpenProber(Holder.Hardware, Holder.Held);
        prober.Send(
            IPv6Packet.EtherType,
            NeighbourPacket.GroupOf(address).Hardware,
            NeighbourPacket.WriteProbe(address, RandomBits.Next())
        );
    }

    /// <inheritdoc/>
    public override void Postpone(long now) => state = state with { Due = Math.Max(state.Due, now + 1000) };

    /// <inheritdoc/>
    protected override void CloseSocket()
    {
        socket?.Dispose();
        prober?.Dispose();
        (socket, prober) = (null, null);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        (state, detectAt) = (state with { Phase = Client6Phase.Ended, Due = Client.Lease.Never }, Client.Lease.Never);
        CloseSocket();
    }
}
