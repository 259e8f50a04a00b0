namespace Plugboard.Netlink.Route;

/// <summary>A change of a batch that the kernel refused; the other changes are unaffected.</summary>
/// <param name="Place">Its index in the batch, from 0.</param>
/// <param name="Call">The message's name, such as <c>RTM_NEWROUTE</c>.</param>
/// <param name="Subject">The object.</param>
/// <param name="Error">The kernel's error.</param>
public sealed record RouteRefusal(int Place, string Call, string Subject, NetlinkError Error)
{
    /// <summary>Converts it to an exception.</summary>
    public NetlinkException ToException() => new(Call, Subject, Error);
}
