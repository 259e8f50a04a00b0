using Plugboard.Dhcp.Wire;

namespace Plugboard.Dhcp.Client;

/// <summary>
/// A DHCP client as a function: of its state, an event and the time it makes the next state and the actions. Source: RFC 2131, 4.4.
/// Pure.
/// </summary>
internal static class ClientMachine
{
    private const long FirstPause = 1000;
    private const long AfterConflict = 1000;
    private const long LaterConflict = 10_000; // RFC 2131, 3.1, 5
    private const long LongestRepeat = 60_000; // RFC 2131, 4.4.5
    private const int Probes = 2;
    private const int MostRefusals = 4;

    /// <summary>What an event does to a client.</summary>
    public static ClientStep Next(ClientState state, ClientEvent happened, long now) =>
        happened switch
        {
            Tick when now >= state.Due => OnTick(state, now),
            Arrived arrived when IsFor(state, arrived.Message) => OnMessage(state, arrived, now),
            Heard heard when state.Phase == ClientPhase.Probing => OnArp(state, heard.Packet, now),
            Stop => OnStop(state),
            _ => new ClientStep(state, []),
        };

    private static bool IsFor(ClientState state, DhcpMessage message) =>
        message.IsReply && message.Xid == state.Xid && message.Hardware == state.Profile.Hardware;

    private static ClientStep OnTick(ClientState state, long now)
    {
        if (now >= state.GiveUpAt && state.Phase is ClientPhase.Selecting or ClientPhase.Requesting or ClientPhase.Waiting)
            return GiveUp(state, now);
        if (state is { GiveUpAt: not Lease.Never, Refusals: >= MostRefusals, Phase: ClientPhase.Selecting or ClientPhase.Waiting })
            return GiveUp(state, now);
        return state.Phase switch
        {
            ClientPhase.Rebooting => Reboot(state, now),
            ClientPhase.Selecting => Discover(state, now),
            ClientPhase.Requesting when now - state.PhaseBegan >= state.Timings.Answer => Discover(Restarted(state, now), now),
            ClientPhase.Requesting => Request(state, now),
            ClientPhase.Probing => Probe(state, now),
            ClientPhase.Waiting => Discover(Restarted(state, now), now),
            ClientPhase.Bound or ClientPhase.Renewing or ClientPhase.Rebinding => Extend(state, now),
            _ => new ClientStep(state with { Due = Lease.Never }, []),
        };
    }

    // No server answers: a lease that has expired is over; if its end is unknown, the address stays until there is a lease.
    private static ClientStep Reboot(ClientState state, long now)
    {
        if (now - state.PhaseBegan >= state.Timings.Answer)
        {
            return state.Lease is null
                ? Discover(Restarted(state, now), now)
                : Lost(state, "it has expired, and no server has extended it", now);
        }

        var next = state.Sends == 0 ? WithNewXid(state) : state;
        next = next with { Sends = next.Sends + 1 };
        return new ClientStep(AfterPause(next, now), [ClientMessages.Reboot(next, now)]);
    }

    private static ClientState Restarted(ClientState state, long now) =>
        state with
        {
            Phase = ClientPhase.Selecting,
            PhaseBegan = now,
            Sends = 0,
            Offer = null,
            Lease = null,
        };

    private static ClientStep Discover(ClientState state, long now)
    {
        var next = state.Sends == 0 ? WithNewXid(state) : state;
        next = next with { Sends = next.Sends + 1, Seen = next.Seen with { Discovers = next.Seen.Discovers + 1 } };
        return new ClientStep(AfterPause(next, now), [ClientMessages.Discover(next, now)]);
    }

    private static ClientStep Request(ClientState state, long now)
    {
        var next = state with { Sends = state.Sends + 1, Seen = state.Seen with { Requests = state.Seen.Requests + 1 } };
        return new ClientStep(AfterPause(next, now), [ClientMessages.Select(next, next.Offer!, now)]);
    }

    private static ClientStep Probe(ClientState state, long now)
    {
        var lease = state.Lease!;
        if (state.Sends >= Probes)
            return Bind(state, lease);
        var next = state with { Sends = state.Sends + 1, Due = now + Math.Max(state.Timings.Probe / Probes, 1) };
        return new ClientStep(next, [new AskFor(lease.Address.Address)]);
    }

    private static ClientStep Bind(ClientState state, Lease lease)
    {
        var bound = state with
        {
            Phase = ClientPhase.Bound,
            Lease = lease,
            Offer = null,
            Wanted = lease.Address.Address,
            Sends = 0,
            Due = lease.Renewal,
            GiveUpAt = Lease.Never,
            Seen = new ClientSeen(),
        };
        return new ClientStep(bound, [new Hold(lease)]);
    }

    // T1, T2, the end: a process that slept meets whichever of them is due.
    private static ClientStep Extend(ClientState state, long now)
    {
        var lease = state.Lease!;
        if (now >= lease.Expiry)
            return Lost(state, "it has expired: no server has extended it", now);
        var phase = now >= lease.Rebinding ? ClientPhase.Rebinding : ClientPhase.Renewing;
        var next = state.Phase == phase ? state : WithNewXid(state) with { Phase = phase, PhaseBegan = now, Sends = 0 };
        var until = phase == ClientPhase.Renewing ? lease.Rebinding : lease.Expiry;
        var began = phase == ClientPhase.Renewing ? lease.Renewal : lease.Rebinding;
        // Half of the time that is left, but no storm at its end.
        var shortest = Math.Clamp((until - began) / 4, 1, LongestRepeat);
        var pause = Math.Max((until - now) / 2, shortest);
        next = next with
        {
            Began = phase == ClientPhase.Renewing ? lease.Renewal : next.Began,
            Sends = next.Sends + 1,
            Due = Math.Min(now + pause, until),
        };
        ClientAction sent =
            phase == ClientPhase.Renewing ? ClientMessages.Renew(next, lease, now) : ClientMessages.Rebind(next, lease, now);
        return new ClientStep(next, [sent]);
    }

    private static ClientStep Lost(ClientState state, string reason, long now)
    {
        var wanted = state.Lease?.Address.Address ?? state.Wanted;
        var again = Restarted(state, now) with { Wanted = wanted, Began = now, GiveUpAt = Lease.Never, Due = now };
        return new ClientStep(again, [new Lose(reason)]);
    }

    private static ClientStep OnMessage(ClientState state, Arrived arrived, long now)
    {
        var message = arrived.Message;
        var seen = state with { Seen = state.Seen with { Last = Describe(message) } };
        return (state.Phase, message.Type) switch
        {
            (ClientPhase.Selecting, DhcpType.Offer) => OnOffer(seen, message, now),
            (ClientPhase.Requesting, DhcpType.Ack) when message.Server == state.Offer!.Server => OnFirstAck(seen, arrived, now),
            (ClientPhase.Requesting, DhcpType.Nak) when message.Server is null || message.Server == state.Offer!.Server => OnFirstNak(
                seen,
                now
            ),
            (ClientPhase.Rebooting or ClientPhase.Renewing or ClientPhase.Rebinding, DhcpType.Ack) => OnExtended(seen, arrived, now),
            (ClientPhase.Rebooting or ClientPhase.Renewing or ClientPhase.Rebinding, DhcpType.Nak) => Lost(
                seen,
                $"the server refuses to extend it: {seen.Seen.Last}",
                now
            ),
            _ => new ClientStep(seen, []),
        };
    }

    private static ClientStep OnOffer(ClientState state, DhcpMessage offer, long now)
    {
        if (Lease.FindFault(offer) is { } fault)
            return new ClientStep(Refused(state with { Seen = state.Seen with { Offers = state.Seen.Offers + 1 } }, fault), []);
        var next = state with
        {
            Phase = ClientPhase.Requesting,
            PhaseBegan = now,
            Sends = 0,
            Offer = offer,
            Seen = state.Seen with { Offers = state.Seen.Offers + 1 },
        };
        return Request(next, now);
    }

    // What a server gives does not change while it is asked again; another server may give better, and has the time of some questions.
    private static ClientState Refused(ClientState state, string fault) =>
        state with
        {
            Refusals = state.RefusedQuestion == state.Seen.Discovers ? state.Refusals : state.Refusals + 1,
            RefusedQuestion = state.Seen.Discovers,
            Seen = state.Seen with { Last = fault },
        };

    private static ClientStep GiveUp(ClientState state, long now)
    {
        var failed = state with { Phase = ClientPhase.Ended, Due = Lease.Never };
        return new ClientStep(failed, [new Fail($"no more tries: {state.Seen} (waited {(now - state.Began) / 1000.0:0.#} s)")]);
    }

    private static ClientStep OnFirstAck(ClientState state, Arrived arrived, long now)
    {
        if (Lease.From(arrived.Message, arrived.From, now, out var fault) is not { } lease)
        {
            var refused = Refused(state, fault);
            var pause = Pause(ref refused, refused.Seen.Requests);
            return Wait(refused, pause, now);
        }

        if (state.Timings.Probe == 0)
            return Bind(state, lease);
        return Probe(state with { Phase = ClientPhase.Probing, PhaseBegan = now, Lease = lease, Sends = 0 }, now);
    }

    private static ClientStep OnFirstNak(ClientState state, long now)
    {
        var next = state with { Wanted = null };
        var pause = Pause(ref next, next.Seen.Requests);
        return Wait(next, pause, now);
    }

    private static ClientStep OnExtended(ClientState state, Arrived arrived, long now)
    {
        if (Lease.From(arrived.Message, arrived.From, now, out _) is not { } lease)
            return new ClientStep(state, []);
        return Bind(state, lease);
    }

    private static ClientStep OnArp(ClientState state, ArpPacket packet, long now)
    {
        var lease = state.Lease!;
        if (!packet.Contests(lease.Address.Address, state.Profile.Hardware))
            return new ClientStep(state, []);
        var last = $"ARP: {packet.SenderHardware} has {lease.Address.Address}, which server {lease.Server} gave; it was declined";
        var next = state with { Wanted = null, Lease = null, Conflicts = state.Conflicts + 1, Seen = state.Seen with { Last = last } };
        var wait = Wait(next, state.Conflicts == 0 ? AfterConflict : LaterConflict, now);
        return new ClientStep(wait.State, [ClientMessages.Decline(state, lease)]);
    }

    private static ClientStep OnStop(ClientState state)
    {
        var ended = WithNewXid(state) with { Phase = ClientPhase.Ended, Due = Lease.Never };
        var hasLease = state.HasLease || state.Phase == ClientPhase.Probing;
        return new ClientStep(ended, hasLease ? [ClientMessages.Release(state.Profile, state.Lease!, ended.Xid)] : []);
    }

    private static ClientStep Wait(ClientState state, long pause, long now)
    {
        var next = state with { Phase = ClientPhase.Waiting, PhaseBegan = now, Offer = null, Due = Math.Min(now + pause, state.GiveUpAt) };
        return new ClientStep(next, []);
    }

    private static ClientState AfterPause(ClientState state, long now)
    {
        var pause = Pause(ref state, state.Sends);
        if (state.Phase is ClientPhase.Requesting or ClientPhase.Rebooting)
            pause = Math.Min(pause, Math.Max(state.PhaseBegan + state.Timings.Answer - now, 1));
        return state with { Due = Math.Min(now + pause, state.GiveUpAt) };
    }

    // Doubled with each time, and a tenth more or less, so that the clients of a node do not all send at once.
    private static long Pause(ref ClientState state, int times)
    {
        var pause = Math.Min(FirstPause << Math.Clamp(times - 1, 0, 16), state.Timings.LongestPause);
        state = WithNextRandom(state);
        return Math.Max(pause * 9 / 10 + (long)(state.Random % (ulong)(pause / 5 + 1)), 1);
    }

    private static ClientState WithNewXid(ClientState state)
    {
        var next = WithNextRandom(state);
        return next with { Xid = (uint)(next.Random >> 32) };
    }

    private static ClientState WithNextRandom(ClientState state) => state with { Random = Xorshift.Next(state.Random) };

    private static string Describe(DhcpMessage message)
    {
        var name = $"DHCP{message.Type.ToString()?.ToUpperInvariant() ?? " message of an unknown type"}";
        var text = message.Text.Length > 0 ? $" ({message.Text})" : "";
        return $"{name} from {message.Server?.ToString() ?? "a server without identifier"}{text}";
    }
}
