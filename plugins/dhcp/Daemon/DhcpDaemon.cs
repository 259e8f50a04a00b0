using Plugboard.Dhcp.Client;
using Plugboard.Linux;
using Plugboard.Linux.Sockets;

namespace Plugboard.Dhcp.Daemon;

/// <summary>The daemon's one thread: it waits for connections, servers, times and the signal that ends it.</summary>
internal sealed class DhcpDaemon : IDisposable
{
    private const int MostConnections = 1000;
    private const long AcceptPause = 1000;
    private const long LongestPause = 30_000;

    private readonly UnixSocket listener;
    private readonly LeaseTable leases;
    private readonly Action<string> log;
    private readonly List<Connection> connections = [];
    private readonly SocketPoll poll = new();
    private readonly List<(int Place, FamilyClient Client)> exchanges = [];
    private long acceptAgain;

    public DhcpDaemon(UnixSocket listener, LeaseTable leases, Action<string> log)
    {
        this.listener = listener;
        this.leases = leases;
        this.log = log;
    }

    /// <summary>Serves until a signal ends it. Leases stay: the next daemon takes them over.</summary>
    public void Run(EndSignals signals)
    {
        while (true)
        {
            poll.Clear();
            var end = poll.Add(signals.Descriptor);
            var now = BootClock.Milliseconds;
            var accepts = connections.Count < MostConnections && now >= acceptAgain;
            var listening = accepts ? poll.Add(listener) : -1;
            var firstConnection = listening < 0 ? 1 : 2;
            var polled = connections.Count;
            foreach (var connection in connections)
                poll.Add(connection.Socket);
            var due = AddExchanges(accepts ? Lease.Never : Math.Max(acceptAgain, now + 1));
            poll.Wait(PauseUntil(due, now));
            if (poll.IsReady(end))
                return;
            ServeExchanges();
            for (var i = polled - 1; i >= 0; i--)
            {
                if (poll.IsReady(firstConnection + i))
                    Serve(connections[i]);
            }

            connections.RemoveAll(Close);
            if (listening >= 0 && poll.IsReady(listening))
                Accept();
        }
    }

    // poll(2) counts the time that the machine is awake, a lease's time goes on while it sleeps: it is looked at soon after.
    internal static long PauseUntil(long due, long now) => due == Lease.Never ? -1 : Math.Clamp(due - now, 0, LongestPause);

    private static bool Close(Connection connection)
    {
        if (connection.IsClosed)
            connection.Dispose();
        return connection.IsClosed;
    }

    // The earliest time at which something is due; the sockets of all exchanges are waited for.
    private long AddExchanges(long due)
    {
        exchanges.Clear();
        foreach (var holder in leases.Holders)
        {
            foreach (var client in holder.Clients)
            {
                due = Math.Min(due, client.Due);
                if (client.Socket is { } socket)
                    exchanges.Add((poll.Add(socket), client));
                else if (client.Due != Lease.Never)
                    exchanges.Add((-1, client));
            }
        }

        return due;
    }

    private void ServeExchanges()
    {
        var now = BootClock.Milliseconds;
        foreach (var (place, client) in exchanges)
        {
            try
            {
                if (place >= 0 && poll.IsReady(place))
                    client.OnPacket(now);
                if (now >= client.Due)
                    client.OnTime(now);
            }
            catch (Exception e)
            {
                log($"{client.Holder.Order.Owner}: {e.GetType().Name}: {e.Message}");
                client.Postpone(now);
            }
        }
    }

    private void Serve(Connection connection)
    {
        try
        {
            while (connection.Read(log) is { } call)
                leases.Serve(connection, call);
            if (connection.IsClosed)
                leases.OnClosed(connection);
        }
        catch (Exception e)
        {
            // One client must not end what holds the leases of all.
            log($"a client was closed: {e.GetType().Name}: {e.Message}");
            connection.Close();
        }
    }

    private void Accept()
    {
        try
        {
            while (connections.Count < MostConnections && listener.TryAccept() is { } accepted)
                connections.Add(new Connection(accepted));
        }
        catch (ErrnoException e)
        {
            // EMFILE: a connection waits until another one has ended.
            log(e.Message);
            acceptAgain = BootClock.Milliseconds + AcceptPause;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var connection in connections)
            connection.Dispose();
        foreach (var holder in leases.Holders)
            holder.Dispose();
    }
}
