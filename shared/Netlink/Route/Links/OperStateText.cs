namespace Plugboard.Netlink.Route.Links;

/// <summary>The kernel's word for an operational state.</summary>
public static class OperStateText
{
    /// <summary>As in /sys/class/net/*/operstate: <c>up</c>, <c>lowerlayerdown</c>.</summary>
    public static string Text(this OperState state) => state switch
    {
        OperState.NotPresent => "notpresent",
        OperState.Down => "down",
        OperState.LowerLayerDown => "lowerlayerdown",
        OperState.Testing => "testing",
        OperState.Dormant => "dormant",
        OperState.Up => "up",
        _ => "unknown",
    };
}
