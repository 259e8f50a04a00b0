using System.Runtime.InteropServices;
using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Wire;
using Plugboard.Linux;
using Plugboard.Linux.Sockets;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Daemon;

/// <summary>One attachment's client with its effects. A socket is open only during an exchange.</summary>
internal sealed class LeaseHolder : IDisposable
{
    private const int LargestPacket = 2048;

    private readonly PodNetwork network;
    private readonly DhcpConfig config;
    private readonly LeaseEvents events;
    private PacketSocket? socket;
    private ClientState state;
    private int linkMtu;

    // The plugin puts the first address on the interface; a later one, or one that was lost, is the daemon's to put there.
    private IPPrefix? placed;
    private bool isLost;

    private LeaseHolder(LeaseOrder order, DaemonOptions options, LeaseEvents events)
    {
        Order = order;
        this.events = events;
        config = order.ReadConfig();
        var isOfProcess = order.NetNs.StartsWith("/proc/", StringComparison.Ordinal);
        network = new PodNetwork(new HostPaths(options.HostPrefix).Find(order.NetNs), isOfProcess, order.Owner.IfName);
        state = null!;
    }

    /// <summary>Who wants the lease.</summary>
    public LeaseOrder Order { get; }

    /// <summary>The pod's hardware address.</summary>
    public MacAddress Hardware { get; private set; }

    /// <summary>The host's link to its network; empty: unknown.</summary>
    public string HostLinkName { get; private set; } = "";

    /// <summary>The connections that wait for it.</summary>
    public List<Connection> Waiting { get; } = [];

    /// <summary>When it next does something by itself.</summary>
    public long Due => state.Due;

    /// <summary>The socket that it waits for; null if it waits for none.</summary>
    public SafeHandle? Socket => socket;

    /// <summary>The lease; null if it has none.</summary>
    public Lease? Lease => state.HasLease ? state.Lease : null;

    /// <summary>What the plugin reports; null without a lease.</summary>
    public CniResult? Result => Lease is { } lease ? LeaseResult.From(lease, config.Priority, linkMtu) : null;

    /// <summary>Begins to look for a lease.</summary>
    /// <exception cref="Exception">The namespace or the interface is missing, or the config is wrong.</exception>
    public static LeaseHolder Start(LeaseOrder order, DaemonOptions options, LeaseEvents events, long now)
    {
        var holder = new LeaseHolder(order, options, events);
        var facts = holder.network.Examine();
        holder.Take(facts);
        var profile = ClientProfile.From(order.Owner, facts.Hardware, holder.config, options.Broadcast);
        holder.state = ClientState.Start(profile, options.Timings, RandomBits.Next(), now);
        return holder;
    }

    /// <summary>Goes on with a lease that another process has left; null if its file gives none.</summary>
    public static LeaseHolder? Adopt(LeaseRecord record, DaemonOptions options, LeaseEvents events, long now)
    {
        if (record.FindLease() is not { } lease)
            return null;
        var order = new LeaseOrder(record.Owner, record.NetNs, record.Args, record.Config);
        var holder = new LeaseHolder(order, options, events)
        {
            Hardware = record.Hardware,
            HostLinkName = record.HostLink,
            placed = lease.Address,
        };
        var profile = ClientProfile.From(order.Owner, record.Hardware, holder.config, options.Broadcast);
        holder.state =
            now < lease.Expiry
                ? ClientState.Adopt(profile, options.Timings, RandomBits.Next(), lease)
                : ClientState.Resume(profile, options.Timings, RandomBits.Next(), lease.Address.Address, lease, now);
        return holder;
    }

    /// <summary>
    /// Takes an attachment over whose lease another make of daemon held: a server is asked to confirm the address, which stays meanwhile.
    /// </summary>
    /// <returns>Null if the interface is not the one of the attachment, or does not have its address.</returns>
    /// <exception cref="Exception">The namespace or the interface is gone.</exception>
    public static LeaseHolder? Resume(CachedAttachment cached, DaemonOptions options, LeaseEvents events, long now)
    {
        var holder = new LeaseHolder(cached.Order, options, events);
        var facts = holder.network.Examine();
        if (cached.Hardware is { } hardware && hardware != facts.Hardware || !holder.network.HasAddress(cached.Address))
            return null;
        holder.Take(facts);
        holder.placed = cached.Address;
        var profile = ClientProfile.From(cached.Order.Owner, facts.Hardware, holder.config, options.Broadcast);
        holder.state = ClientState.Resume(profile, options.Timings, RandomBits.Next(), cached.Address.Address, null, now);
        return holder;
    }

    // The address that the interface has by DHCP.
    private IPPrefix? Held => isLost ? null : placed;

    private void Take(PodNetwork.Facts facts) => (Hardware, linkMtu, HostLinkName) = (facts.Hardware, facts.Mtu, facts.HostLink);

    /// <summary>Why the pod's interface is not that of the lease any more, and whether that is for good; null if it is.</summary>
    public (string Reason, bool IsGone)? FindFault()
    {
        if (network.FindFault(Hardware, Held) is { } fault)
            return fault;
        if (linkMtu == 0)
            Take(network.Examine());
        return null;
    }

    /// <summary>Does what is due.</summary>
    public void OnTime(long now) => Apply(ClientMachine.Next(state, new Tick(), now), now);

    /// <summary>Takes what has come on the socket.</summary>
    public void OnPacket(long now)
    {
        var buffer = new byte[LargestPacket];
        try
        {
            while (socket?.TryReceive(buffer, out var protocol, out var from) is { } length)
            {
                if (Read(buffer.AsSpan(0, length), protocol, from) is { } happened)
                    Apply(ClientMachine.Next(state, happened, now), now);
            }
        }
        catch (ErrnoException e)
        {
            // The link was set down or removed: the next message says which.
            events.Log($"{Order.Owner}: {e.Message}");
            CloseSocket();
        }
    }

    private static ClientEvent? Read(ReadOnlySpan<byte> packet, ushort protocol, MacAddress from)
    {
        if (protocol == ArpPacket.EtherType)
            return ArpPacket.Read(packet) is { } arp ? new Heard(arp) : null;
        return DhcpReader.Read(UdpPacket.Read(packet)) is { } message ? new Arrived(message, from) : null;
    }

    /// <summary>Gives the lease back; the reason if that cannot be sent.</summary>
    public string? Release(long now)
    {
        var step = ClientMachine.Next(state, new Stop(), now);
        state = step.State;
        string? failure = null;
        foreach (var sent in step.Actions.OfType<Transmit>())
        {
            if (!TrySend(sent))
                failure = HostLink.TrySend(HostLinkName, Hardware, sent);
        }

        CloseSocket();
        return failure;
    }

    private bool TrySend(Transmit sent)
    {
        try
        {
            socket ??= network.OpenSocket(Hardware, Held);
            Send(sent);
            return true;
        }
        catch (Exception e) when (PodNetwork.IsUnreachable(e))
        {
            return false;
        }
    }

    private void Apply(ClientStep step, long now)
    {
        var isUnconfirmed = state.Phase == ClientPhase.Rebooting;
        state = step.State;
        foreach (var action in step.Actions)
            Do(action, now);
        if (isUnconfirmed && Lease is { } confirmed)
            events.Log($"{Order.Owner}: {confirmed.Address} confirmed by {confirmed.Server}");
        else if (isUnconfirmed && state.Phase == ClientPhase.Selecting && !isLost)
            events.Log($"{Order.Owner}: no server confirms {placed}; it stays while another lease is looked for");
        if (state.Phase is ClientPhase.Bound or ClientPhase.Ended)
            CloseSocket();
    }

    private void Do(ClientAction action, long now)
    {
        switch (action)
        {
            case Transmit or AskFor:
                SendOrReport(action, now);
                break;
            case Hold hold:
                Place(hold.Lease);
                events.Held(this);
                break;
            case Lose lose when placed is { } address:
                isLost = true;
                Report($"remove {address}", () => network.RemoveAddress(address));
                events.Lost(this, lose.Reason);
                break;
            case Fail fail:
                events.Failed(this, fail.Reason + network.DescribeState());
                break;
        }
    }

    private void SendOrReport(ClientAction action, long now)
    {
        try
        {
            socket ??= network.OpenSocket(Hardware, Held);
            if (action is Transmit sent)
                Send(sent);
            else if (action is AskFor ask)
                socket.Send(ArpPacket.EtherType, new MacAddress(0xffff_ffff_ffff), ArpPacket.WriteProbe(Hardware, ask.Address));
        }
        catch (Exception e) when (network.IsGone(e))
        {
            // A socket may outlive its link; a lease must not.
            CloseSocket();
            events.Failed(this, e.Message);
        }
        catch (Exception e) when (PodNetwork.IsUnreachable(e))
        {
            // ENETDOWN, ENOBUFS, a namespace that cannot be reached now: it is sent again when its time comes.
            CloseSocket();
            state = state with { Seen = state.Seen with { Last = e.Message } };
            events.Log($"{Order.Owner}: {e.Message}");
        }
    }

    private void Send(Transmit sent)
    {
        var message = sent.Message with { Broadcast = sent.Message.Broadcast || network.NeedsBroadcast && sent.Source.IsUnspecified };
        socket!.Send(UdpPacket.EtherType, sent.Hardware, UdpPacket.Write(sent.Source, sent.Destination, DhcpWriter.Write(message)));
    }

    private void Place(Lease lease)
    {
        if (placed is { } before && (isLost || before != lease.Address))
            Report($"put {lease.Address} on the interface", () => network.ReplaceAddress(before, lease, Result!));
        (placed, isLost) = (lease.Address, false);
    }

    private void Report(string what, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e)
        {
            events.Log($"{Order.Owner}: cannot {what}: {e.Message}");
        }
    }

    /// <summary>Lets some time pass before the next attempt, after what was not foreseen.</summary>
    public void Postpone(long now) => state = state with { Due = Math.Max(state.Due, now + 1000) };

    private void CloseSocket()
    {
        socket?.Dispose();
        socket = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        state = state with { Phase = ClientPhase.Ended, Due = Client.Lease.Never };
        CloseSocket();
    }
}

/// <summary>What happens to a lease, for the daemon.</summary>
/// <param name="Held">The client has a lease: its first, a longer one, or another.</param>
/// <param name="Lost">It has none any more, for that reason, and looks for one.</param>
/// <param name="Failed">It has none, for that reason, and is done.</param>
/// <param name="Log">A line for the log.</param>
internal sealed record LeaseEvents(
    Action<LeaseHolder> Held,
    Action<LeaseHolder, string> Lost,
    Action<LeaseHolder, string> Failed,
    Action<string> Log
);
