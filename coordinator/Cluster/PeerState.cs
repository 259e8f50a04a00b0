namespace Plugboard.Coordinator.Cluster;

/// <summary>How a peer's pods are reached, or why not.</summary>
internal enum PeerState
{
    /// <summary>By a route whose next hop is the peer.</summary>
    Direct,

    /// <summary>Through the tunnel.</summary>
    Tunnelled,

    /// <summary>Not: no pod network is assigned to it, or none of an enabled family.</summary>
    Unassigned,

    /// <summary>Not: it says no address of the family.</summary>
    NoAddress,

    /// <summary>Not: it does not say where its tunnel ends, or that is refused.</summary>
    NoTunnel,

    /// <summary>Not: its tunnel has another network number.</summary>
    OtherVni,

    /// <summary>Not: this node has no tunnel of the family, for want of pods of its own or by a problem that is reported.</summary>
    NoOwnTunnel,

    /// <summary>Not: it uses another backend.</summary>
    OtherBackend,

    /// <summary>Not: host-gw needs it in one network with this node, and it is behind a router.</summary>
    BehindRouter,
}
