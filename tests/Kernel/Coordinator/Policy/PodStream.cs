using System.Net;
using System.Net.Sockets;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>A connection between two namespaces, over TCP or UDP, that lives as long as the test likes.</summary>
internal sealed class PodStream : IDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(15);

    /// <summary>How long nothing must arrive.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);
    private readonly Socket client;
    private readonly Socket server;
    private readonly bool isTcp;
    private byte mark;

    private PodStream(Socket client, Socket server, bool isTcp)
    {
        (this.client, this.server, this.isTcp) = (client, server, isTcp);
        Assert.True(Works(), "the connection does not work from its beginning");
    }

    /// <summary>Opens one.</summary>
    /// <param name="from">Where the client is.</param>
    /// <param name="to">Where the server is.</param>
    /// <param name="target">What the client connects to: an address and a port.</param>
    /// <param name="port">The server's port, which no one else may have.</param>
    /// <param name="isTcp">TCP, else UDP.</param>
    public static PodStream Open(TestNamespace from, TestNamespace to, string target, int port, bool isTcp = true)
    {
        var end = IPEndPoint.Parse(target);
        var (type, protocol) = isTcp ? (SocketType.Stream, ProtocolType.Tcp) : (SocketType.Dgram, ProtocolType.Udp);
        var listener = to.Run(() => new Socket(AddressFamily.InterNetworkV6, type, protocol) { DualMode = true });
        listener.Bind(IPEndPoint.Parse($"[::]:{port}"));
        var opened = from.Run(() => new Socket(end.AddressFamily, type, protocol));
        if (isTcp)
        {
            using (listener)
            {
                listener.Listen();
                Assert.True(opened.ConnectAsync(end).Wait(patience), "no connection");
                return new PodStream(opened, listener.Accept(), isTcp);
            }
        }

        opened.Connect(end);
        EndPoint sender = IPEndPoint.Parse("[::]:0");
        listener.ReceiveTimeout = (int)patience.TotalMilliseconds;
        opened.Send([0]);
        listener.ReceiveFrom(new byte[1], ref sender);
        listener.Connect(sender);
        return new PodStream(opened, listener, isTcp);
    }

    /// <summary>True if a byte of each end arrives at the other one.</summary>
    public bool Works() => Passes(client, server, patience) && Passes(server, client, patience);

    /// <summary>True if, whoever sends first, nothing arrives.</summary>
    public bool IsCut() => !Passes(server, client, Silence) && !Passes(client, server, Silence);

    /// <summary>True if a byte from the client arrives soon.</summary>
    public bool PassesSoon() => Passes(client, server, Silence);

    private bool Passes(Socket from, Socket to, TimeSpan longest)
    {
        var sent = ++mark;
        var buffer = new byte[2000];
        var began = TimeProvider.System.GetTimestamp();
        for (var isFirst = true; TimeProvider.System.GetElapsedTime(began) < longest; isFirst = false)
        {
            try
            {
                // What TCP could not deliver it repeats by itself.
                if (isFirst || !isTcp)
                    from.Send([sent]);
                if (to.Poll(TimeSpan.FromMilliseconds(20), SelectMode.SelectRead) && buffer.AsSpan(0, to.Receive(buffer)).Contains(sent))
                    return true;
            }
            catch (SocketException e) when (!isTcp && e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                // An answer to a datagram.
            }
            catch (SocketException)
            {
                return false;
            }
        }

        return false;
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
    }
}
