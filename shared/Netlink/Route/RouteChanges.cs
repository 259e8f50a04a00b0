using Plugboard.Linux;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Netlink.Route;

/// <summary>
/// Tells what changes in a network namespace, from the moment it is opened. One thread receives, any other may stop it.
/// <see cref="RouteMonitor"/> is for who waits for one thing only. Source: rtnetlink(7).
/// </summary>
public sealed class RouteChanges : IDisposable
{
    /// <summary>For some thousand changes that are not read yet; the memory is taken only while they wait.</summary>
    public const int DefaultRoom = 8 * 1024 * 1024;

    private readonly NetlinkListener listener;

    internal RouteChanges(NetlinkListener listener) => this.listener = listener;

    /// <summary>True once it was stopped.</summary>
    public bool IsStopped => listener.IsStopped;

    /// <summary>Opens it in the calling thread's namespace.</summary>
    /// <param name="groups">What to hear of.</param>
    /// <param name="room">How many bytes of changes may wait to be read, about 1 KiB for each; without CAP_NET_ADMIN over the machine not
    /// more than net.core.rmem_max.</param>
    /// <exception cref="ErrnoException">No more files can be opened.</exception>
    public static RouteChanges Open(RouteMonitorGroups groups, int room = DefaultRoom) =>
        new(NetlinkListener.Open(NetlinkProtocol.Route, new RouteDialect(), (uint)groups, room));

    /// <summary>Opens it in a namespace, on a thread of its own that enters it.</summary>
    /// <exception cref="ErrnoException">The namespace cannot be entered (EPERM), or no more files can be opened.</exception>
    public static RouteChanges Open(NetworkNamespace ns, RouteMonitorGroups groups, int room = DefaultRoom) =>
        NamespaceThread.Run(ns, () => Open(groups, room));

    /// <summary>Waits for a change and returns all there are.</summary>
    /// <param name="timeout">How long to wait at most.</param>
    /// <exception cref="NetlinkFormatException">A message is none.</exception>
    public NetlinkNotifications<RouteChange> Receive(TimeSpan timeout) => listener.Receive(timeout, RouteChangeReader.Read);

    /// <summary>Ends the wait of whoever receives, and every later one at once. For any thread, before it is disposed of.</summary>
    public void Stop() => listener.Stop();

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();
}
