using System.Net;
using System.Net.Sockets;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>Sends a datagram to a pod, and looks whether it came.</summary>
internal static class Datagrams
{
    private const int Attempts = 3;

    /// <summary>Waits: that nothing comes has no event.</summary>
    public static void Pause(TimeSpan time)
    {
        using var never = new ManualResetEventSlim();
        never.Wait(time);
    }

    /// <summary>True if one of three datagrams arrives.</summary>
    public static bool AskUdpOnce(this TestNamespace from, PolicyNode node, string to, int port)
    {
        using var socket = from.Run(static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        var text = $"{Guid.NewGuid():n}";
        for (var i = 0; i < Attempts; i++)
        {
            socket.SendTo(System.Text.Encoding.ASCII.GetBytes(text), IPEndPoint.Parse($"{node.Address(to, is6: false)}:{port}"));
            Pause(TimeSpan.FromMilliseconds(50));
            if (node.Received(to, port).Contains(text))
                return true;
        }

        return false;
    }
}
