using System.Net;
using System.Net.Sockets;
using System.Text;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>Neighbour discovery passes the policies between ports of a bridge, and no other packet passes as one.</summary>
public sealed class NeighbourDiscoveryTests
{
    private const string IsolatedA = "podSelector: {matchLabels: {pod: a}}\npolicyTypes: [Ingress, Egress]";
    private const byte Solicitation = 135;

    [KernelFact]
    public void A_routed_packet_is_judged_though_it_looks_like_neighbour_discovery()
    {
        using var node = new PolicyNode(isBridged: false);
        node.SyncWell(SyncCause.Start);
        Assert.True(Arrives(node));

        node.Write(("x", IsolatedA));
        node.SyncWell();

        Assert.False(Arrives(node));
    }

    // From x/a to y/a.
    private static bool Arrives(PolicyNode node)
    {
        static Socket Open() => new(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6);
        using var receiver = node.Pod("y/a").Run(Open);
        using var sender = node.Pod("x/a").Run(Open);
        receiver.Blocking = false;
        sender.Ttl = 255;
        var address = new byte[16];
        node.Address("y/a", is6: true).WriteBytes(address);
#pragma warning disable RS0030 // The framework's socket takes no other address.
        var target = new IPEndPoint(new IPAddress(address), 0);
#pragma warning restore RS0030
        var text = Encoding.ASCII.GetBytes($"{Guid.NewGuid():n}");
        var buffer = new byte[500];
        for (var attempt = 0; attempt < 3; attempt++)
        {
            sender.SendTo([Solicitation, 0, 0, 0, .. text], target);
            Datagrams.Pause(TimeSpan.FromMilliseconds(50));
            while (receiver.Available > 0)
            {
                if (buffer.AsSpan(0, receiver.Receive(buffer)).IndexOf(text) >= 0)
                    return true;
            }
        }

        return false;
    }
}
