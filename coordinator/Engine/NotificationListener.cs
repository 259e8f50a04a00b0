using Plugboard.Netlink;

namespace Plugboard.Coordinator.Engine;

/// <summary>A listener of one kind of the kernel's notifications.</summary>
/// <param name="Receive">Waits for notifications, on one thread.</param>
/// <param name="Stop">Ends the wait; for any thread.</param>
/// <param name="Socket">What is closed at the end.</param>
internal sealed record NotificationListener<T>(Func<NetlinkNotifications<T>> Receive, Action Stop, IDisposable Socket);
