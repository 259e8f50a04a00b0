using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Dhcp.Client6;

/// <summary>
/// A DHCPv6 client as a function: of its state, an event and the time it makes the next state and the actions. Source: RFC 8415, 15, 18.2.
/// Pure.
/// </summary>
internal static class Client6Machine
{
    // The kernel's detection takes one to two seconds, or no time if it is switched off.
    private const long LinkPause = 100;
    private const long LaterLinkPause = 250;
    private const long LinkSoon = 300;
    private const int Probes = 2;
    private const uint ShortestMaximum = 60; // RFC 8415, 21.24
    private const uint LongestMaximum = 86_400;

    // CNF_TIMEOUT and CNF_MAX_RT: of a lease that is unknown, as CONFIRM.
    private static readonly Retransmission unconfirmed = new(1000, 4000, 0);

    /// <summary>What an event does to a client.</summary>
    public static Client6Step Next(Client6State state, ClientEvent happened, long now) =>
        happened switch
        {
            Tick when now >= state.Due => OnTick(state, now),
            Linked when state.Phase == Client6Phase.Linking => Send(Searching(Saw(state, ""), now), now),
            NotLinked none when state.Phase == Client6Phase.Linking => new Client6Step(Saw(state, none.Reason), []),
            Arrived6 arrived when IsFor(state, arrived.Message) => Client6Answers.On(WithMaximum(state, arrived.Message), arrived, now),
            Contested contested when state.Lease?.Address is { } address && (state.HasLease || state.Phase == Client6Phase.Probing) =>
                Decline(state, address, contested.By, now),
            Stop => OnStop(state, now),
            _ => new Client6Step(state, []),
        };

    // RFC 8415, 16.3, 16.10: both identifiers must be there, and the client's its own.
    private static bool IsFor(Client6State state, Dhcp6Message message) =>
        message.Type is Dhcp6Type.Advertise or Dhcp6Type.Reply
        && message.Xid == state.Xid
        && state.Sends > 0
        && message.Server is not null
        && message.Client.AsSpan().SequenceEqual(state.Profile.Duid);

    // 18.2.9, 18.2.10: also of a message that is of no other use.
    private static Client6State WithMaximum(Client6State state, Dhcp6Message message)
    {
        var option = state.Profile.IsStateless ? Dhcp6Option.InformationMaximum : Dhcp6Option.SolicitMaximum;
        return message.FindSeconds(option) is >= ShortestMaximum and <= LongestMaximum and var seconds
            ? state with
            {
                LongestSearch = seconds * 1000L,
            }
            : state;
    }

    private static Client6Step OnTick(Client6State state, long now)
    {
        if (now >= state.GiveUpAt && state.Phase is not (Client6Phase.Bound or Client6Phase.Ended))
        {
            var failed = state with { Phase = Client6Phase.Ended, Due = Lease.Never };
            return new Client6Step(failed, [new Fail($"no more tries: {state.Seen} (waited {(now - state.Began) / 1000.0:0.#} s)")]);
        }

        return state.Phase switch
        {
            Client6Phase.Linking => Link(state, now),
            Client6Phase.Soliciting when state.Offer is not null => Send(Requesting(state, state.Offer, now), now),
            Client6Phase.Soliciting or Client6Phase.Informing => Send(state, now),
            Client6Phase.Requesting => Request(state, now),
            Client6Phase.Probing => Probe(state, now),
            Client6Phase.Declining => state.Sends < Retransmission.Decline.MostSends ? Send(state, now) : SearchAgain(state, now),
            Client6Phase.Rebinding when state.IsUnconfirmed => Resume(state, now),
            Client6Phase.Bound or Client6Phase.Renewing or Client6Phase.Rebinding => Extend(state, now),
            _ => new Client6Step(state with { Due = Lease.Never }, []),
        };
    }

    private static Client6Step Link(Client6State state, long now)
    {
        var pause = now - state.PhaseBegan < LinkSoon ? LinkPause : LaterLinkPause;
        return new Client6Step(state with { Due = Math.Min(now + pause, state.GiveUpAt) }, [new FindLinkLocal()]);
    }

    /// <summary>The beginning of an exchange: its first message is due.</summary>
    public static Client6State Begin(Client6State state, Client6Phase phase, long now)
    {
        var random = Xorshift.Next(state.Random);
        return state with { Phase = phase, PhaseBegan = now, Due = now, Sends = 0, Pause = 0, Random = random, Xid = (uint)(random >> 40) };
    }

    private static Client6State Searching(Client6State state, long now) =>
        Begin(state, state.Profile.IsStateless ? Client6Phase.Informing : Client6Phase.Soliciting, now) with
        {
            Offer = null,
            Lease = null,
            IsUnconfirmed = false,
        };

    /// <summary>Looks for servers again, each time after a longer pause: a server that refuses at once is not asked without end.</summary>
    public static Client6Step SearchAgain(Client6State state, long now)
    {
        var pause = Math.Min(1000L << Math.Min(state.Setbacks, 16), state.Timings.LongestPause);
        var next = Searching(state, now) with { Setbacks = state.Setbacks + 1 };
        return new Client6Step(next with { Due = Math.Min(now + pause, next.GiveUpAt) }, []);
    }

    /// <summary>A client that asks a server for an address.</summary>
    public static Client6State Requesting(Client6State state, Dhcp6Message offer, long now) =>
        Begin(state, Client6Phase.Requesting, now) with
        {
            Offer = offer,
        };

    private static Client6Step Request(Client6State state, long now)
    {
        if (state.HasLease && now >= state.Lease!.Expiry)
            return Lost(state, "it has ended, and its server knows nothing of it", now);
        if (state.Sends < Retransmission.Request.MostSends)
            return Send(state, now);
        return state.HasLease ? Extend(Begin(state, Client6Phase.Bound, now), now) : SearchAgain(state, now);
    }

    /// <summary>Sends the phase's message.</summary>
    public static Client6Step Send(Client6State state, long now)
    {
        var (type, server, address) = Describe(state);
        var random = Xorshift.Next(state.Random);
        // RAND is from -0.1 to 0.1; of the first SOLICIT above 0, so that its servers have the whole second (18.2.1).
        var thousandths = (int)(random >> 32) & int.MaxValue;
        var isFirstSolicit = state.Phase == Client6Phase.Soliciting && state.Sends == 0;
        var pause = TimesOf(state).Next(state.Pause, isFirstSolicit ? thousandths % 100 + 1 : thousandths % 201 - 100);
        var next = state with
        {
            Random = random,
            Sends = state.Sends + 1,
            Pause = pause,
            Due = Math.Min(now + Math.Max(pause, 1), EndOf(state)),
            Seen = state.Seen with { Sends = state.Seen.Sends + 1, Sent = type },
        };
        return new Client6Step(next, [Client6Messages.Of(next, type, server, address, now)]);
    }

    private static (Dhcp6Type Type, byte[]? Server, IPAddr? Address) Describe(Client6State state) =>
        state.Phase switch
        {
            Client6Phase.Soliciting => (Dhcp6Type.Solicit, null, state.Wanted),
            Client6Phase.Informing => (Dhcp6Type.InformationRequest, null, null),
            Client6Phase.Requesting => (Dhcp6Type.Request, state.Offer!.Server, state.Lease?.Address ?? Offered(state) ?? state.Wanted),
            Client6Phase.Renewing => (Dhcp6Type.Renew, state.Lease!.Server, state.Lease.Address),
            Client6Phase.Declining => (Dhcp6Type.Decline, state.Lease!.Server, state.Lease.Address),
            _ => (Dhcp6Type.Rebind, null, state.Lease?.Address ?? state.Wanted),
        };

    private static IPAddr? Offered(Client6State state) =>
        state.Offer?.FindAssociation(state.Profile.AssociationId) is { } offered ? Lease6.Choose(offered, state.Wanted)?.Address : null;

    private static Retransmission TimesOf(Client6State state) =>
        state.Phase switch
        {
            Client6Phase.Soliciting or Client6Phase.Informing => Retransmission.Search(
                state.LongestSearch > 0 ? state.LongestSearch : state.Timings.LongestPause
            ),
            Client6Phase.Requesting => Retransmission.Request,
            Client6Phase.Declining => Retransmission.Decline,
            Client6Phase.Renewing => Retransmission.Renew,
            _ => state.IsUnconfirmed ? unconfirmed : Retransmission.Rebind,
        };

    // MRD: T2 for RENEW, the end of the lease for the rest.
    private static long EndOf(Client6State state) =>
        state.Phase switch
        {
            Client6Phase.Renewing => state.Lease!.Rebinding,
            Client6Phase.Rebinding when state.IsUnconfirmed => Math.Max(state.PhaseBegan + state.Timings.Answer, state.Due + 1),
            Client6Phase.Rebinding => state.Lease!.Expiry,
            _ => Math.Min(state.GiveUpAt, state.HasLease ? state.Lease!.Expiry : Lease.Never),
        };

    // No server answers: a lease that has expired is over; if its end is unknown, the address stays until there is a lease.
    private static Client6Step Resume(Client6State state, long now)
    {
        if (now - state.PhaseBegan < state.Timings.Answer)
            return Send(state.Sends == 0 ? Begin(state, Client6Phase.Rebinding, now) : state, now);
        return state.Lease is null ? Send(Searching(state, now), now) : Lost(state, "it has ended, and no server has extended it", now);
    }

    // T1, T2, the end: a process that slept meets whichever of them is due.
    private static Client6Step Extend(Client6State state, long now)
    {
        var lease = state.Lease!;
        if (now >= lease.Expiry)
            return Lost(state, "it has ended: no server has extended it", now);
        if (now < lease.Renewal)
            return new Client6Step(state with { Phase = Client6Phase.Bound, Due = lease.Renewal }, []);
        var phase = now >= lease.Rebinding ? Client6Phase.Rebinding : Client6Phase.Renewing;
        return Send(state.Phase == phase ? state : Begin(state, phase, now), now);
    }

    /// <summary>The lease is over: the address goes, and servers are looked for at once.</summary>
    public static Client6Step Lost(Client6State state, string reason, long now)
    {
        var again = Searching(state, now) with { Wanted = state.Lease?.Address ?? state.Wanted, Began = now, GiveUpAt = Lease.Never };
        return new Client6Step(again, [new Lose(reason)]);
    }

    /// <summary>Takes a first lease, once no other node has answered for its address.</summary>
    public static Client6Step Take(Client6State state, Lease6 lease, long now)
    {
        if (lease.Address is null || state.Timings.Probe == 0 || state.HasLease || state.IsUnconfirmed)
            return Bind(state, lease);
        return Probe(Begin(state, Client6Phase.Probing, now) with { Lease = lease }, now);
    }

    private static Client6Step Probe(Client6State state, long now)
    {
        var lease = state.Lease!;
        if (state.Sends >= Probes)
            return Bind(state, lease);
        var next = state with { Sends = state.Sends + 1, Due = now + Math.Max(state.Timings.Probe / Probes, 1) };
        return new Client6Step(next, [new Probe6(lease.Address!.Value)]);
    }

    private static Client6Step Bind(Client6State state, Lease6 lease)
    {
        var bound = state with
        {
            Phase = Client6Phase.Bound,
            Lease = lease,
            IsUnconfirmed = false,
            Offer = null,
            Wanted = lease.Address,
            Sends = 0,
            Due = lease.Renewal,
            GiveUpAt = Lease.Never,
            Setbacks = 0,
            Seen = new Client6Seen(),
        };
        return new Client6Step(bound, [new Hold6(lease)]);
    }

    private static Client6Step Decline(Client6State state, IPAddr address, string by, long now)
    {
        var wasHeld = state.HasLease;
        var reason = $"{by}; {address} was declined";
        var next = Begin(Saw(state, reason), Client6Phase.Declining, now) with { Wanted = null };
        if (wasHeld)
            next = next with { Began = now, GiveUpAt = Lease.Never };
        var sent = Send(next, now);
        return new Client6Step(sent.State, wasHeld ? [.. sent.Actions, new Lose(reason)] : sent.Actions);
    }

    // An address that was asked for, and whose REPLY is on its way, is given back too, and one whose lease may have ended.
    private static Client6Step OnStop(Client6State state, long now)
    {
        var server = state.Lease?.Server ?? state.Offer?.Server;
        var address = state.Lease?.Address ?? (state.Phase == Client6Phase.Requesting ? Offered(state) : null);
        var isGiven =
            state.HasLease
            || state.IsUnconfirmed && state.Lease is not null
            || state.Phase is Client6Phase.Probing or Client6Phase.Requesting;
        var ended = Begin(state, Client6Phase.Ended, now) with { Due = Lease.Never };
        return new Client6Step(
            ended,
            isGiven && address is not null ? [Client6Messages.Of(ended, Dhcp6Type.Release, server, address, now)] : []
        );
    }

    /// <summary>A client that has seen something.</summary>
    public static Client6State Saw(Client6State state, string what) => state with { Seen = state.Seen with { Last = what } };
}
