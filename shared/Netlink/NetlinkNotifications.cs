namespace Plugboard.Netlink;

/// <summary>Received notifications.</summary>
/// <param name="Items">In order; empty after a timeout, a stop or a loss.</param>
/// <param name="Lost">Some notifications were lost (ENOBUFS), and the rest is left out with them: everything must be listed again.</param>
public sealed record NetlinkNotifications<T>(IReadOnlyList<T> Items, bool Lost);
