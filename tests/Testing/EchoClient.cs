using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Plugboard.Testing;

/// <summary>Asks an <see cref="EchoServer"/> from a namespace.</summary>
public static class EchoClient
{
    // A neighbour that does not answer at once is asked again after a second, and a lost SYN is sent again after one and after three.
    private const int Milliseconds = 4000;

    /// <summary>Connects and returns the address that the server saw; "refused", or "lost" where no answer came in time.</summary>
    /// <param name="ns">Where the client is.</param>
    /// <param name="server">An address and a port, such as <c>192.0.2.1:8080</c> or <c>[fd00::1]:8080</c>.</param>
    public static string AskTcp(this TestNamespace ns, string server) =>
        Ask(ns, server, SocketType.Stream, ProtocolType.Tcp, static socket => { });

    /// <summary>Sends a datagram and returns the address that the server saw; "refused", or "lost".</summary>
    /// <param name="ns">Where the client is.</param>
    /// <param name="server">An address and a port.</param>
    /// <param name="sourcePort">The port it is sent from; 0: any. The same one makes the kernel take both for one flow.</param>
    public static string AskUdp(this TestNamespace ns, string server, int sourcePort = 0) =>
        Ask(ns, server, SocketType.Dgram, ProtocolType.Udp, static socket => socket.Send("?"u8), sourcePort);

    private static string Ask(
        TestNamespace ns,
        string server,
        SocketType type,
        ProtocolType protocol,
        Action<Socket> question,
        int sourcePort = 0
    )
    {
        var end = IPEndPoint.Parse(server);
        using var socket = ns.Run(() =>
            new Socket(end.AddressFamily, type, protocol) { ReceiveTimeout = Milliseconds, SendTimeout = Milliseconds }
        );
        try
        {
            if (sourcePort != 0)
                socket.Bind(
                    IPEndPoint.Parse(end.AddressFamily == AddressFamily.InterNetwork ? $"0.0.0.0:{sourcePort}" : $"[::]:{sourcePort}")
                );
            if (!socket.ConnectAsync(end).Wait(Milliseconds))
                return "lost";
            question(socket);
            var buffer = new byte[100];
            return Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
        }
        catch (AggregateException e) when (e.InnerException is SocketException { SocketErrorCode: var code })
        {
            return code == SocketError.ConnectionRefused ? "refused" : code.ToString();
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => "refused",
                SocketError.TimedOut or SocketError.WouldBlock => "lost",
                var code => code.ToString(),
            };
        }
    }
}
