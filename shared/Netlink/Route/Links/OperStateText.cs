namespace Plugboard.Netlink.Route.Links;

/// <summary>The word for an operational state that messages of the reference plugins have.</summary>
public static class OperStateText
{
    /// <summary>
    /// As in RFC 2863: <c>up</c>, <c>lower-layer-down</c>. The kernel's own, in /sys/class/net/*/operstate, are without dashes.
    /// </summary>
    public static string Text(this OperState state) =>
        state switch
        {
            OperState.NotPresent => "not-present",
            OperState.Down => "down",
            OperState.LowerLayerDown => "lower-layer-down",
            OperState.Testing => "testing",
            OperState.Dormant => "dormant",
            OperState.Up => "up",
            _ => "unknown",
        };
}
