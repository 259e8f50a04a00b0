using Plugboard.Addresses;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Dhcp.Client;

/// <summary>Where a client is. Source: RFC 2131, figure 5.</summary>
internal enum ClientPhase
{
    /// <summary>It has an address, and asks whether it still may have it. Source: RFC 2131, 3.2.</summary>
    Rebooting,

    /// <summary>It looks for a server.</summary>
    Selecting,

    /// <summary>It asks for the address that a server has offered.</summary>
    Requesting,

    /// <summary>It asks by ARP whether another interface has the address.</summary>
    Probing,

    /// <summary>It pauses after a refusal or a conflict.</summary>
    Waiting,

    /// <summary>It has a lease.</summary>
    Bound,

    /// <summary>It asks its server to extend the lease.</summary>
    Renewing,

    /// <summary>It asks any server to.</summary>
    Rebinding,

    /// <summary>It does nothing any more.</summary>
    Ended,
}

/// <summary>A client at a moment; times are milliseconds of one clock.</summary>
internal sealed record ClientState
{
    /// <summary>Who it is.</summary>
    public required ClientProfile Profile { get; init; }

    /// <summary>How long it waits.</summary>
    public required ClientTimings Timings { get; init; }

    /// <summary>Where it is.</summary>
    public required ClientPhase Phase { get; init; }

    /// <summary>What the next random number is made from.</summary>
    public required ulong Random { get; init; }

    /// <summary>When it next does something by itself.</summary>
    public required long Due { get; init; }

    /// <summary>When it began to look for a lease.</summary>
    public long Began { get; init; }

    /// <summary>When it gives up; <see cref="Client.Lease.Never"/>: never.</summary>
    public long GiveUpAt { get; init; } = Client.Lease.Never;

    /// <summary>When its phase began.</summary>
    public long PhaseBegan { get; init; }

    /// <summary>The number of its exchange.</summary>
    public uint Xid { get; init; }

    /// <summary>How often it has sent in this phase.</summary>
    public int Sends { get; init; }

    /// <summary>How often another interface had the address.</summary>
    public int Conflicts { get; init; }

    /// <summary>After how many of its questions an offer or acknowledgement came that it could not take.</summary>
    public int Refusals { get; init; }

    /// <summary>The number of the last of these questions.</summary>
    public int RefusedQuestion { get; init; }

    /// <summary>The offer that it asks for.</summary>
    public DhcpMessage? Offer { get; init; }

    /// <summary>
    /// The lease that it has; while it is <see cref="ClientPhase.Probing"/>, the one that it may take; while it is
    /// <see cref="ClientPhase.Rebooting"/>, the one that has expired, if it is known.
    /// </summary>
    public Lease? Lease { get; init; }

    /// <summary>The address that it would like.</summary>
    public IPAddr? Wanted { get; init; }

    /// <summary>What it has seen since it began.</summary>
    public ClientSeen Seen { get; init; } = new();

    /// <summary>True if the interface may have the address.</summary>
    public bool HasLease => Phase is ClientPhase.Bound or ClientPhase.Renewing or ClientPhase.Rebinding;

    /// <summary>A client that looks for a lease; its first <see cref="Tick"/> is due.</summary>
    /// <param name="profile">Who it is.</param>
    /// <param name="timings">How long it waits.</param>
    /// <param name="random">Any bits.</param>
    /// <param name="now">The time.</param>
    public static ClientState Start(ClientProfile profile, ClientTimings timings, ulong random, long now) =>
        new()
        {
            Profile = profile,
            Timings = timings,
            Phase = ClientPhase.Selecting,
            Random = random,
            Due = now,
            Began = now,
            PhaseBegan = now,
            GiveUpAt = now + timings.GiveUp,
        };

    /// <summary>A client that has a lease already, as another process left it.</summary>
    public static ClientState Adopt(ClientProfile profile, ClientTimings timings, ulong random, Lease lease) =>
        new()
        {
            Profile = profile,
            Timings = timings,
            Phase = ClientPhase.Bound,
            Random = random,
            Due = lease.Renewal,
            Lease = lease,
        };

    /// <summary>
    /// A client whose interface has an address, by a lease that has expired or is unknown; its first <see cref="Tick"/> is due.
    /// </summary>
    /// <param name="profile">Who it is.</param>
    /// <param name="timings">How long it waits.</param>
    /// <param name="random">Any bits.</param>
    /// <param name="address">The address.</param>
    /// <param name="expired">
    /// The lease, if it is known: without an answer it ends. Null: the address stays until a server says otherwise.
    /// </param>
    /// <param name="now">The time.</param>
    public static ClientState Resume(
        ClientProfile profile,
        ClientTimings timings,
        ulong random,
        IPAddr address,
        Lease? expired,
        long now
    ) =>
        new()
        {
            Profile = profile,
            Timings = timings,
            Phase = ClientPhase.Rebooting,
            Random = random,
            Due = now,
            Began = now,
            PhaseBegan = now,
            Wanted = address,
            Lease = expired,
        };
}

/// <summary>What a client has sent and received since it began.</summary>
internal sealed record ClientSeen
{
    public int Discovers { get; init; }
    public int Requests { get; init; }
    public int Offers { get; init; }

    /// <summary>What was received last, in words; empty: nothing.</summary>
    public string Last { get; init; } = "";

    /// <summary>The cause of a failure, in words.</summary>
    public override string ToString()
    {
        var sent = $"DHCPDISCOVER sent {Discovers} times, DHCPREQUEST {Requests} times, {Offers} offers received";
        return Last.Length == 0 ? $"{sent}; no server has answered" : $"{sent}; last received: {Last}";
    }
}

/// <summary>What happens to a client.</summary>
internal abstract record ClientEvent;

/// <summary>The time has come.</summary>
internal sealed record Tick : ClientEvent;

/// <summary>A message has come.</summary>
/// <param name="Message">The message.</param>
/// <param name="From">The hardware address that it came from.</param>
internal sealed record Arrived(DhcpMessage Message, MacAddress From) : ClientEvent;

/// <summary>An ARP packet has come.</summary>
internal sealed record Heard(ArpPacket Packet) : ClientEvent;

/// <summary>The lease is no longer needed.</summary>
internal sealed record Stop : ClientEvent;

/// <summary>What a client wants done.</summary>
internal abstract record ClientAction;

/// <summary>Send a message.</summary>
/// <param name="Message">The message.</param>
/// <param name="Source">The client's address, or 0.0.0.0.</param>
/// <param name="Destination">The server's address, or 255.255.255.255.</param>
/// <param name="Hardware">The hardware address that gets it.</param>
internal sealed record Transmit(DhcpMessage Message, IPAddr Source, IPAddr Destination, MacAddress Hardware) : ClientAction;

/// <summary>Ask by ARP who has an address.</summary>
internal sealed record AskFor(IPAddr Address) : ClientAction;

/// <summary>The interface may have the address, by a lease that is new or extended.</summary>
internal sealed record Hold(Lease Lease) : ClientAction;

/// <summary>The interface must give up the address.</summary>
internal sealed record Lose(string Reason) : ClientAction;

/// <summary>There is no lease to be had.</summary>
internal sealed record Fail(string Reason) : ClientAction;

/// <summary>A client after an event.</summary>
/// <param name="State">Where it is.</param>
/// <param name="Actions">What it wants done, in this order.</param>
internal sealed record ClientStep(ClientState State, IReadOnlyList<ClientAction> Actions);
