using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Plugboard.Testing;

/// <summary>
/// Answers each client that connects or sends a datagram with the address that it sees: so a test learns whether the way is open and whose
/// address arrives. It listens on both families in a namespace until it is disposed.
/// </summary>
public sealed class EchoServer : IDisposable
{
    private readonly Socket socket;
    private readonly Thread thread;

    private EchoServer(Socket socket, Action<Socket> serve)
    {
        this.socket = socket;
        thread = new Thread(() => Serve(serve)) { IsBackground = true };
        thread.Start();
    }

    /// <summary>A server of TCP connections.</summary>
    public static EchoServer Tcp(TestNamespace ns, int port)
    {
        var listener = Bind(ns, SocketType.Stream, ProtocolType.Tcp, port);
        listener.Listen(100);
        return new EchoServer(
            listener,
            static listening =>
            {
                using var connection = listening.Accept();
                connection.Send(Encoding.ASCII.GetBytes(AddressOf(connection.RemoteEndPoint!)));
            }
        );
    }

    /// <summary>A server of UDP datagrams.</summary>
    public static EchoServer Udp(TestNamespace ns, int port) =>
        new(
            Bind(ns, SocketType.Dgram, ProtocolType.Udp, port),
            static bound =>
            {
                var buffer = new byte[100];
                EndPoint from = IPEndPoint.Parse("[::]:0");
                bound.ReceiveFrom(buffer, ref from);
                bound.SendTo(Encoding.ASCII.GetBytes(AddressOf(from)), from);
            }
        );

    private static Socket Bind(TestNamespace ns, SocketType type, ProtocolType protocol, int port)
    {
        // A socket stays in the namespace of the thread that opened it.
        var bound = ns.Run(() => new Socket(AddressFamily.InterNetworkV6, type, protocol) { DualMode = true });
        bound.Bind(IPEndPoint.Parse($"[::]:{port}"));
        return bound;
    }

    private static string AddressOf(EndPoint end) =>
        ((IPEndPoint)end).ToString() is var text && text.StartsWith("[::ffff:", StringComparison.Ordinal)
            ? text["[::ffff:".Length..text.IndexOf(']', StringComparison.Ordinal)]
            : text[1..text.IndexOf(']', StringComparison.Ordinal)];

    private void Serve(Action<Socket> serve)
    {
        while (true)
        {
            try
            {
                serve(socket);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                if (e.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted)
                    return;
            }
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        thread.Join();
    }
}
