using Plugboard.Linux;
using Plugboard.Netlink.Trace;

namespace Plugboard.Netlink;

/// <summary>
/// Receives the kernel's notifications. One thread receives; any other may <see cref="Stop"/> it. It receives from the moment it is opened,
/// so a caller that opens it before it lists misses nothing. Source: netlink(7).
/// </summary>
public sealed class NetlinkListener : IDisposable
{
    // A table that never stops changing is handed on in parts.
    private const int MostDatagrams = 10_000;

    private readonly NetlinkSocket socket;
    private readonly StopSignal stop;

    internal NetlinkListener(NetlinkSocket socket)
    {
        this.socket = socket;
        stop = StopSignal.Create();
    }

    /// <summary>True once it was stopped.</summary>
    public bool IsStopped => stop.IsGiven;

    /// <summary>Opens one in the calling thread's namespace, where it stays.</summary>
    /// <param name="protocol">The netlink protocol.</param>
    /// <param name="dialect">The names of its messages and attributes.</param>
    /// <param name="groups">A bit for each multicast group, as RTMGRP_LINK.</param>
    /// <param name="room">How many bytes of notifications may wait; without CAP_NET_ADMIN over the machine not more than
    /// net.core.rmem_max.</param>
    /// <exception cref="ErrnoException">The kernel does not have the protocol, or no more files can be opened.</exception>
    public static NetlinkListener Open(NetlinkProtocol protocol, NetlinkDialect dialect, uint groups, int room)
    {
        var opened = NetlinkSocket.Open(protocol, dialect, groups);
        try
        {
            opened.MakeRoom(room);
            return new NetlinkListener(opened);
        }
        catch (ErrnoException)
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Ends the wait of the receiving thread, and every later one at once. For any thread, before the listener is disposed of.
    /// </summary>
    public void Stop() => stop.Give();

    /// <summary>Waits for a notification and reads all there are.</summary>
    /// <param name="timeout">How long to wait at most.</param>
    /// <param name="parser">Reads one message; null leaves it out.</param>
    /// <exception cref="NetlinkFormatException">A message is invalid.</exception>
    public NetlinkNotifications<T> Receive<T>(TimeSpan timeout, NetlinkSocket.Parser<T?> parser)
        where T : class
    {
        if (stop.IsGiven || !socket.WaitForInput(timeout, stop))
            return new NetlinkNotifications<T>([], Lost: false);
        var items = new List<T>();
        for (var i = 0; i == 0 || (i < MostDatagrams && socket.WaitForInput(TimeSpan.Zero)); i++)
        {
            if (TryReceive(parser, items))
                continue;
            Drain();
            return new NetlinkNotifications<T>([], Lost: true);
        }

        return new NetlinkNotifications<T>(items, Lost: false);
    }

    // False if some were lost.
    private bool TryReceive<T>(NetlinkSocket.Parser<T?> parser, List<T> items)
        where T : class
    {
        try
        {
            var reader = socket.Receive();
            while (reader.Read())
            {
                if (parser(reader.Current) is { } item)
                    items.Add(item);
            }

            return true;
        }
        catch (ErrnoException e) when (e.Errno == Errno.ENOBUFS)
        {
            return false;
        }
    }

    // After a loss the kernel drops everything until the queue is empty (NETLINK_S_CONGESTED), and a new listing makes the queued
    // notifications unnecessary.
    private void Drain()
    {
        var ignored = new List<object>();
        for (var i = 0; i < MostDatagrams && socket.WaitForInput(TimeSpan.Zero); i++)
            TryReceive(static _ => (object?)null, ignored);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        stop.Dispose();
    }
}

/// <summary>Received notifications.</summary>
/// <param name="Items">In order; empty after a timeout, a stop or a loss.</param>
/// <param name="Lost">Some notifications were lost (ENOBUFS), and the rest is left out with them: everything must be listed again.</param>
public sealed record NetlinkNotifications<T>(IReadOnlyList<T> Items, bool Lost);
