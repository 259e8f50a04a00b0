using Plugboard.Linux;
using Plugboard.Netlink.Route.Links;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>
/// Waits for a change in a network namespace. It is opened before the change is started, so no notification is missed; a notification only
/// causes a new request of the table, so lost ones (ENOBUFS) do no harm. Source: rtnetlink(7), netlink(7).
/// </summary>
public sealed class RouteMonitor : IDisposable
{
    private readonly NetlinkSocket socket;

    internal RouteMonitor(NetlinkSocket socket) => this.socket = socket;

    /// <summary>Opens a monitor in the calling thread's namespace.</summary>
    /// <exception cref="ErrnoException">No more files can be opened.</exception>
    public static RouteMonitor Open(RouteMonitorGroups groups) =>
        new(NetlinkSocket.Open(NetlinkProtocol.Route, new RouteDialect(), (uint)groups));

    /// <summary>Waits until a link is as wanted; false when <paramref name="timeout"/> passes first or the link is gone.</summary>
    /// <param name="client">Reads the link, first at once and then after each notification of it; of the same namespace.</param>
    /// <param name="index">The link's index.</param>
    /// <param name="satisfied">Decides whether the link is as wanted.</param>
    /// <param name="timeout">How long to wait at most.</param>
    public bool WaitForLink(RouteClient client, int index, Func<Link, bool> satisfied, TimeSpan timeout)
    {
        var deadline = Deadline(timeout);
        while (client.Links.Find(index) is { } link)
        {
            if (satisfied(link))
                return true;
            if (!WaitForChange(index, deadline))
                return false;
        }

        return false;
    }

    /// <summary>
    /// Waits until a link's addresses are as wanted, as without a tentative one; false when <paramref name="timeout"/> passes first.
    /// </summary>
    /// <param name="client">Reads the addresses, first at once and then after each notification of the link; of the same namespace.</param>
    /// <param name="index">The link's index.</param>
    /// <param name="satisfied">Decides whether the addresses are as wanted; it may throw.</param>
    /// <param name="timeout">How long to wait at most.</param>
    /// <exception cref="NetlinkException">ENODEV: the link is gone.</exception>
    public bool WaitForAddresses(RouteClient client, int index, Func<IReadOnlyList<InterfaceAddress>, bool> satisfied, TimeSpan timeout) =>
        WaitUntil(index, () => satisfied(client.Addresses.List(index)), timeout);

    /// <summary>
    /// Waits until something of a link is as wanted, as a route that its addresses bring; false when <paramref name="timeout"/> passes
    /// first.
    /// </summary>
    /// <param name="index">The link's index.</param>
    /// <param name="satisfied">Looks, first at once and then after each notification of the link or of any route; it may throw.</param>
    /// <param name="timeout">How long to wait at most.</param>
    public bool WaitUntil(int index, Func<bool> satisfied, TimeSpan timeout)
    {
        var deadline = Deadline(timeout);
        while (!satisfied())
        {
            if (!WaitForChange(index, deadline))
                return false;
        }

        return true;
    }

    private static long Deadline(TimeSpan timeout) => Environment.TickCount64 + (long)Math.Ceiling(timeout.TotalMilliseconds);

    // False when the deadline passes without a notification of the link.
    private bool WaitForChange(int index, long deadline)
    {
        while (true)
        {
            var left = Math.Max(deadline - Environment.TickCount64, 0);
            if (!socket.WaitForInput(TimeSpan.FromMilliseconds(left)))
                return false;
            try
            {
                if (Concerns(socket.Receive(), index))
                    return true;
            }
            catch (ErrnoException e) when (e.Errno == Errno.ENOBUFS)
            {
                // Some were lost: any of them may have been the one.
                return true;
            }
        }
    }

    private static bool Concerns(NetlinkReader reader, int index)
    {
        var concerns = false;
        while (reader.Read())
        {
            concerns |= reader.Current.Type switch
            {
                RTM_NEWLINK or RTM_DELLINK => LinkReader.ReadIndex(reader.Current) == index,
                RTM_NEWADDR or RTM_DELADDR => AddressReader.ReadIndex(reader.Current) == index,
                RTM_NEWROUTE or RTM_DELROUTE => true,
                _ => false,
            };
        }

        return concerns;
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
