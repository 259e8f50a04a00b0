using System.Runtime.InteropServices;
using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Wire;
using Plugboard.Linux;
using Plugboard.Linux.Sockets;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Daemon;

/// <summary>The client of IPv4, on a packet socket.</summary>
internal sealed class InetClient : FamilyClient
{
    private const int LargestPacket = 2048;

    private PacketSocket? socket;
    private ClientState state = null!;

    private InetClient(ClientParts parts)
        : base(parts) { }

    /// <inheritdoc/>
    public override long Due => state.Due;

    /// <inheritdoc/>
    public override SafeHandle? Socket => socket;

    /// <summary>The lease; null if it has none.</summary>
    public Lease? Lease => state.HasLease ? state.Lease : null;

    /// <summary>The lease that it has, or had last.</summary>
    public Lease? Last { get; private set; }

    /// <inheritdoc/>
    public override bool IsComplete => state.HasLease;

    /// <inheritdoc/>
    public override string? Description => Lease is { } lease ? $"{lease.Address} from {lease.Server}, for {Seconds(lease)}" : null;

    /// <inheritdoc/>
    public override CniResult? Result => Lease is { } lease ? LeaseResult.From(lease, Parts.Config.Priority, Holder.LinkMtu) : null;

    private static string Seconds(Lease lease) => lease.Expiry == Lease.Never ? "ever" : $"{(lease.Expiry - lease.Acquired) / 1000} s";

    private ClientProfile Profile => ClientProfile.From(Holder.Order.Owner, Holder.Hardware, Parts.Config, Parts.Options.Broadcast);

    /// <summary>Begins to look for a lease.</summary>
    public static InetClient Start(ClientParts parts, long now)
    {
        var client = new InetClient(parts);
        client.state = ClientState.Start(client.Profile, parts.Options.Timings, RandomBits.Next(), now);
        return client;
    }

    /// <summary>Goes on with a lease that another process has left.</summary>
    public static InetClient Adopt(ClientParts parts, Lease lease, long now)
    {
        var client = new InetClient(parts) { Placed = lease.Address, Last = lease };
        client.state =
            now < lease.Expiry
                ? ClientState.Adopt(client.Profile, parts.Options.Timings, RandomBits.Next(), lease)
                : ClientState.Resume(client.Profile, parts.Options.Timings, RandomBits.Next(), lease.Address.Address, lease, now);
        return client;
    }

    /// <summary>Has the servers confirm an address by a lease that is unknown.</summary>
    public static InetClient Resume(ClientParts parts, IPPrefix address, long now)
    {
        var client = new InetClient(parts) { Placed = address };
        client.state = ClientState.Resume(client.Profile, parts.Options.Timings, RandomBits.Next(), address.Address, null, now);
        return client;
    }

    /// <inheritdoc/>
    public override void OnTime(long now) => Apply(ClientMachine.Next(state, new Tick(), now));

    /// <inheritdoc/>
    public override void OnPacket(long now)
    {
        var buffer = new byte[LargestPacket];
        try
        {
            while (socket?.TryReceive(buffer, out var protocol, out var from) is { } length)
            {
                if (Read(buffer.AsSpan(0, length), protocol, from) is { } happened)
                    Apply(ClientMachine.Next(state, happened, now));
            }
        }
        catch (ErrnoException e)
        {
            // The link was set down or removed: the next message says which.
            Events.Log($"{Holder.Order.Owner}: {e.Message}");
            CloseSocket();
        }
    }

    private static ClientEvent? Read(ReadOnlySpan<byte> packet, ushort protocol, MacAddress from)
    {
        if (protocol == ArpPacket.EtherType)
            return ArpPacket.Read(packet) is { } arp ? new Heard(arp) : null;
        return DhcpReader.Read(UdpPacket.Read(packet)) is { } message ? new Arrived(message, from) : null;
    }

    /// <inheritdoc/>
    public override string? Release(long now)
    {
        var step = ClientMachine.Next(state, new Stop(), now);
        state = step.State;
        string? failure = null;
        foreach (var sent in step.Actions.OfType<Transmit>())
        {
            if (!TrySend(sent))
                failure = HostLink.TrySend(Holder.HostLinkName, Holder.Hardware, sent);
        }

        CloseSocket();
        return failure;
    }

    private bool TrySend(Transmit sent)
    {
        try
        {
            socket ??= Network.OpenSocket(Holder.Hardware, Held);
            Send(sent);
            return true;
        }
        catch (Exception e) when (PodNetwork.IsUnreachable(e))
        {
            return false;
        }
    }

    private void Apply(ClientStep step)
    {
        var isUnconfirmed = state.Phase == ClientPhase.Rebooting;
        state = step.State;
        foreach (var action in step.Actions)
            Do(action);
        if (isUnconfirmed && Lease is { } confirmed)
            Events.Log($"{Holder.Order.Owner}: {confirmed.Address} confirmed by {confirmed.Server}");
        else if (isUnconfirmed && state.Phase == ClientPhase.Selecting && !IsLost)
            Events.Log($"{Holder.Order.Owner}: no server confirms {Placed}; it stays while another lease is looked for");
        if (state.Phase is ClientPhase.Bound or ClientPhase.Ended)
            CloseSocket();
    }

    private void Do(ClientAction action)
    {
        switch (action)
        {
            case Transmit or AskFor:
                SendOrReport(() => SendAny(action), reason => state = state with { Seen = state.Seen with { Last = reason } });
                break;
            case Hold hold:
                Last = hold.Lease;
                Place(hold.Lease.Address, Result!);
                Events.Held(Holder);
                break;
            case Lose lose:
                Displace(lose.Reason);
                break;
            case Fail fail:
                Events.Failed(Holder, fail.Reason + Network.DescribeState());
                break;
        }
    }

    private void SendAny(ClientAction action)
    {
        socket ??= Network.OpenSocket(Holder.Hardware, Held);
        if (action is Transmit sent)
            Send(sent);
        else if (action is AskFor ask)
            socket.Send(ArpPacket.EtherType, new MacAddress(0xffff_ffff_ffff), ArpPacket.WriteProbe(Holder.Hardware, ask.Address));
    }

    private void Send(Transmit sent)
    {
        var message = sent.Message with { Broadcast = sent.Message.Broadcast || Network.NeedsBroadcast && sent.Source.IsUnspecified };
        socket!.Send(UdpPacket.EtherType, sent.Hardware, UdpPacket.Write(sent.Source, sent.Destination, DhcpWriter.Write(message)));
    }

    /// <inheritdoc/>
    public override void Postpone(long now) => state = state with { Due = Math.Max(state.Due, now + 1000) };

    /// <inheritdoc/>
    protected override void CloseSocket()
    {
        socket?.Dispose();
        socket = null;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        state = state with { Phase = ClientPhase.Ended, Due = Client.Lease.Never };
        CloseSocket();
    }
}
