namespace Plugboard.Netlink.Route.Links;

/// <summary>What a bridge does with a port's packets. Source: include/uapi/linux/if_bridge.h, BR_STATE_*.</summary>
public enum BridgePortState
{
    /// <summary>Nothing passes: the port or its carrier is down.</summary>
    Disabled = 0,

    /// <summary>Spanning tree listens.</summary>
    Listening = 1,

    /// <summary>Addresses are learnt, nothing is forwarded yet.</summary>
    Learning = 2,

    /// <summary>Packets pass.</summary>
    Forwarding = 3,

    /// <summary>Closed by the spanning tree.</summary>
    Blocking = 4,
}
