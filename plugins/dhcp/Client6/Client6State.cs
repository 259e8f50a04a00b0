using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Dhcp.Client6;

/// <summary>Where a client is. Source: RFC 8415, 18.2.</summary>
internal enum Client6Phase
{
    /// <summary>The interface has no link-local address that it could send from.</summary>
    Linking,

    /// <summary>It looks for a server, and collects what they advertise.</summary>
    Soliciting,

    /// <summary>It asks a server for an address: the advertised one, or the one that it has and the server does not know.</summary>
    Requesting,

    /// <summary>It asks by neighbour discovery whether another node has the address.</summary>
    Probing,

    /// <summary>It refuses an address that another node has.</summary>
    Declining,

    /// <summary>It asks for DNS only.</summary>
    Informing,

    /// <summary>It has a lease.</summary>
    Bound,

    /// <summary>It asks its server to extend the lease.</summary>
    Renewing,

    /// <summary>
    /// It asks any server to: before the lease ends, or because the lease that the interface has is unknown or has ended.
    /// </summary>
    Rebinding,

    /// <summary>It does nothing any more.</summary>
    Ended,
}

/// <summary>A client at a moment; times are milliseconds of one clock.</summary>
internal sealed record Client6State
{
    /// <summary>Who it is.</summary>
    public required Client6Profile Profile { get; init; }

    /// <summary>How long it waits.</summary>
    public required ClientTimings Timings { get; init; }

    /// <summary>Where it is.</summary>
    public required Client6Phase Phase { get; init; }

    /// <summary>What the next random number is made from.</summary>
    public required ulong Random { get; init; }

    /// <summary>When it next does something by itself.</summary>
    public required long Due { get; init; }

    /// <summary>When it began to look for a lease.</summary>
    public long Began { get; init; }

    /// <summary>When it gives up; <see cref="Lease.Never"/>: never.</summary>
    public long GiveUpAt { get; init; } = Client.Lease.Never;

    /// <summary>When the phase began.</summary>
    public long PhaseBegan { get; init; }

    /// <summary>The transaction.</summary>
    public uint Xid { get; init; }

    /// <summary>How often the phase's message was sent.</summary>
    public int Sends { get; init; }

    /// <summary>The pause after the last of them.</summary>
    public long Pause { get; init; }

    /// <summary>MRT of SOLICIT and INFORMATION-REQUEST, as a server has set it; 0: none has.</summary>
    public long LongestSearch { get; init; }

    /// <summary>The best ADVERTISE, or the server that is asked.</summary>
    public Dhcp6Message? Offer { get; init; }

    /// <summary>
    /// The lease that it has; while it is <see cref="Client6Phase.Probing"/> or <see cref="Client6Phase.Declining"/>, the one that it may
    /// take or refuses.
    /// </summary>
    public Lease6? Lease { get; init; }

    /// <summary>The address that it would like, or that the interface has.</summary>
    public IPAddr? Wanted { get; init; }

    /// <summary>How often a server refused, or an address was another node's, since it began.</summary>
    public int Setbacks { get; init; }

    /// <summary>What it has seen since it began.</summary>
    public Client6Seen Seen { get; init; } = new();

    /// <summary>True if the interface may have the address.</summary>
    public bool HasLease =>
        Lease is not null
        && Phase is Client6Phase.Bound or Client6Phase.Renewing or Client6Phase.Rebinding or Client6Phase.Requesting
        && !IsUnconfirmed;

    /// <summary>The interface has an address, by a lease that is unknown or has ended.</summary>
    public bool IsUnconfirmed { get; init; }

    /// <summary>A client that waits for its link-local address; its first <see cref="Tick"/> is due.</summary>
    /// <param name="profile">Who it is.</param>
    /// <param name="timings">How long it waits.</param>
    /// <param name="random">Any bits.</param>
    /// <param name="now">The time.</param>
    public static Client6State Start(Client6Profile profile, ClientTimings timings, ulong random, long now) =>
        new()
        {
            Profile = profile,
            Timings = timings,
            Phase = Client6Phase.Linking,
            Random = random,
            Due = now,
            Began = now,
            PhaseBegan = now,
            GiveUpAt = now + timings.GiveUp,
        };

    /// <summary>A client that has a lease already, as another process left it.</summary>
    public static Client6State Adopt(Client6Profile profile, ClientTimings timings, ulong random, Lease6 lease) =>
        new()
        {
            Profile = profile,
            Timings = timings,
            Phase = Client6Phase.Bound,
            Random = random,
            Due = lease.Renewal,
            Lease = lease,
            Wanted = lease.Address,
        };

    /// <summary>
    /// A client whose interface has an address, by a lease that has expired or is unknown: any server is asked to extend it.
    /// </summary>
    /// <param name="profile">Who it is.</param>
    /// <param name="timings">How long it waits.</param>
    /// <param name="random">Any bits.</param>
    /// <param name="address">The address.</param>
    /// <param name="expired">
    /// The lease, if it is known: without an answer it ends. Null: the address stays until a server says otherwise.
    /// </param>
    /// <param name="now">The time.</param>
    public static Client6State Resume(
        Client6Profile profile,
        ClientTimings timings,
        ulong random,
        IPAddr address,
        Lease6? expired,
        long now
    ) =>
        new()
        {
            Profile = profile,
            Timings = timings,
            Phase = Client6Phase.Rebinding,
            IsUnconfirmed = true,
            Random = random,
            Due = now,
            Began = now,
            PhaseBegan = now,
            Wanted = address,
            Lease = expired,
        };
}

/// <summary>What a client has sent and received since it began.</summary>
internal sealed record Client6Seen
{
    public int Sends { get; init; }
    public int Advertisements { get; init; }

    /// <summary>What was sent last.</summary>
    public Dhcp6Type? Sent { get; init; }

    /// <summary>What was received last, or failed, in words; empty: nothing.</summary>
    public string Last { get; init; } = "";

    /// <summary>The cause of a failure, in words.</summary>
    public override string ToString()
    {
        if (Sent is not { } sent)
            return Last.Length == 0 ? "DHCPv6: nothing sent" : $"DHCPv6: nothing sent: {Last}";
        var done = $"DHCPv6: {Sends} messages sent, the last one {NameOf(sent)}, {Advertisements} ADVERTISE received";
        return Last.Length == 0 ? $"{done}; no server has answered" : $"{done}; last: {Last}";
    }

    /// <summary>A message's name as the standard spells it.</summary>
    public static string NameOf(Dhcp6Type type) =>
        type == Dhcp6Type.InformationRequest ? "INFORMATION-REQUEST" : type.ToString().ToUpperInvariant();
}

/// <summary>The interface has a link-local address to send from.</summary>
internal sealed record Linked : ClientEvent;

/// <summary>The interface has none yet, for that reason.</summary>
internal sealed record NotLinked(string Reason) : ClientEvent;

/// <summary>A message has come.</summary>
internal sealed record Arrived6(Dhcp6Message Message) : ClientEvent;

/// <summary>Another node has the address.</summary>
/// <param name="By">What shows it.</param>
internal sealed record Contested(string By) : ClientEvent;

/// <summary>See whether the interface has a link-local address that is not tentative.</summary>
internal sealed record FindLinkLocal : ClientAction;

/// <summary>Send a message to all servers of the link.</summary>
internal sealed record Transmit6(Dhcp6Message Message) : ClientAction;

/// <summary>Ask by neighbour discovery who has an address.</summary>
internal sealed record Probe6(IPAddr Address) : ClientAction;

/// <summary>The interface may have the address, by a lease that is new or extended.</summary>
internal sealed record Hold6(Lease6 Lease) : ClientAction;

/// <summary>A client after an event.</summary>
/// <param name="State">Where it is.</param>
/// <param name="Actions">What it wants done, in this order.</param>
internal sealed record Client6Step(Client6State State, IReadOnlyList<ClientAction> Actions);
