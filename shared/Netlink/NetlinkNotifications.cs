namespace Plugboard.Netlink;

/// <summary>What was heard.</summary>
/// <param name="Items">In the order it happened; empty where time passed first, where the listener was stopped, and where some were
/// lost.</param>
/// <param name="Lost">Some notifications were lost (ENOBUFS), and the others are left out with them: everything is to be asked
/// anew.</param>
public sealed record NetlinkNotifications<T>(IReadOnlyList<T> Items, bool Lost);
