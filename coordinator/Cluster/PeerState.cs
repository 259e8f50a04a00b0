namespace Plugboard.Coordinator.Cluster;

/// <summary>How a peer's pods are reached, or why not.</summary>
internal enum PeerState
{
    /// <summary>By a route whose next hop is the peer.</summary>
    Direct,

    /// <summary>Through the tunnel.</summary>
    Tunnelled,

    /// <summary>Not reached: no pod network is assigned to it, or none of an enabled family.</summary>
    Unassigned,

    /// <summary>Not reached: it has no address of the family.</summary>
    NoAddress,

    /// <summary>Not reached: it does not advertise its tunnel's end, or that is refused.</summary>
    NoTunnel,

    /// <summary>Not reached: its tunnel has another network number.</summary>
    OtherVni,

    /// <summary>Not reached: this node has no tunnel of the family, as it has no pods of it or because of a reported problem.</summary>
    NoOwnTunnel,

    /// <summary>Not reached: it uses another backend.</summary>
    OtherBackend,

    /// <summary>Not reached: host-gw needs it in one network with this node, and it is behind a router.</summary>
    BehindRouter,

    /// <summary>Not reached: host-gw needs it in one network with this node, and the main table has no route to its address.</summary>
    NoRoute,

    /// <summary>Not reached: host-gw needs it in the network of the uplink, and it is in one of another link.</summary>
    OtherLink,
}
