namespace Plugboard.Netlink.Route;

/// <summary>A change of a batch that the kernel refused; the others are as if it had not been there.</summary>
/// <param name="Place">Which one: 0 is the batch's first.</param>
/// <param name="Call">The message's name, such as <c>RTM_NEWROUTE</c>.</param>
/// <param name="Subject">What it was about.</param>
/// <param name="Error">The kernel's refusal.</param>
public sealed record RouteRefusal(int Place, string Call, string Subject, NetlinkError Error)
{
    /// <summary>The same as an exception, for who gives up at it.</summary>
    public NetlinkException ToException() => new(Call, Subject, Error);
}
