using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Policy;

/// <summary>Receives datagrams in a pod, and counts them by what they say.</summary>
internal sealed class Sink : IDisposable
{
    private const int Port = 5353;
    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);
    private readonly Socket socket;
    private readonly Thread thread;
    private volatile bool isEnding;

    public Sink(TestNamespace pod)
    {
        socket = pod.Run(static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        socket.Bind(IPEndPoint.Parse($"0.0.0.0:{Port}"));
        socket.ReceiveTimeout = 100;
        thread = new Thread(Receive) { IsBackground = true };
        thread.Start();
    }

    private void Receive()
    {
        var buffer = new byte[200];
        while (!isEnding)
        {
            try
            {
                counts.AddOrUpdate(Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer)), 1, static (_, count) => count + 1);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock or SocketError.TryAgain)
            {
                // Whether it ends is looked at.
            }
        }
    }

    /// <summary>How many came that say this.</summary>
    public int CountOf(string text) => counts.GetValueOrDefault(text);

    /// <summary>What came.</summary>
    public IEnumerable<string> Texts => counts.Keys;

    /// <summary>A socket of a pod that is not connected.</summary>
    public static Socket OpenIn(TestNamespace pod) =>
        pod.Run(static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));

    /// <summary>Sends a text from a pod; false if that has no way yet.</summary>
    public static bool TrySend(Socket from, string address, string text)
    {
        try
        {
            from.SendTo(Encoding.ASCII.GetBytes(text), IPEndPoint.Parse($"{address}:{Port}"));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        isEnding = true;
        thread.Join();
        socket.Dispose();
    }
}
