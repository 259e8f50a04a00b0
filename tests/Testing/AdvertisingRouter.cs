using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Plugboard.Addresses;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Testing;

/// <summary>
/// A router behind a link of a node: it advertises itself as the way to everywhere, and 2001:db8::/64, when a test says so.
/// </summary>
public sealed class AdvertisingRouter : TestNamespace
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestNamespace node;
    private readonly string link;

    /// <summary>
    /// Makes the link, up, with the kernel's own settings but for duplicate address detection, which would be a second's wait.
    /// </summary>
    public AdvertisingRouter(TestNamespace node, string link = "eth0", bool isUp = true)
    {
        this.node = node;
        this.link = link;
        node.Run(() =>
        {
            using var client = RouteClient.Open();
            client.Links.Add(
                new VethSpec
                {
                    Name = link,
                    Peer = new VethPeer { Name = "r0", NetNs = Namespace.File },
                }
            );
        });
        node.Run(() => File.WriteAllText($"/proc/sys/net/ipv6/conf/{link}/accept_dad", "0"));
        Run(static () => File.WriteAllText("/proc/sys/net/ipv6/conf/r0/accept_dad", "0"));
        Tool("ip link set r0 up");
        if (isUp)
            node.Tool($"ip link set {link} up");
    }

    /// <summary>True where the node has a default route that it learned from the router.</summary>
    public bool IsKnown => DefaultRoutes().Contains("proto ra", StringComparison.Ordinal);

    /// <summary>The node's IPv6 default routes, as ip(8) tells them.</summary>
    public string DefaultRoutes() => node.Tool("ip -6 route show default");

    /// <summary>Advertises until the node has the route; fails the test where it takes none.</summary>
    public void AdvertiseUntilKnown()
    {
        var watch = Stopwatch.StartNew();
        using var pause = new ManualResetEventSlim();
        for (Advertise(); !IsKnown; Advertise())
        {
            if (watch.Elapsed > Patience)
                throw new InvalidOperationException($"the node takes no advertisement on {link}: {node.Tool("ip -6 addr")}");
            pause.Wait(TimeSpan.FromMilliseconds(20));
        }
    }

    // The kernel makes it when the carrier is there, in its own time, and sends from it when it knows that nobody else has it.
    private void AwaitLinkLocalAddress() =>
        Eventually.True(
            () => Tool("ip -6 addr show dev r0 scope link -tentative").Contains("fe80:", StringComparison.Ordinal),
            () => $"the router has no link-local address: {Tool("ip -6 addr")}"
        );

    /// <summary>Sends one advertisement to all nodes.</summary>
    // RFC 4861, section 4.2, with the option of section 4.6.2; the kernel computes the check sum.
    public void Advertise()
    {
        AwaitLinkLocalAddress();
        Run(Send);
    }

    private static void Send()
    {
        var message = new byte[48];
        message[0] = 134;
        message[4] = 64;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), 1800);
        ((ReadOnlySpan<byte>)[3, 4, 64, 0xc0]).CopyTo(message.AsSpan(16));
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(20), 86400);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(24), 14400);
        IPAddr.Parse("2001:db8::").WriteBytes(message.AsSpan(32));
        using var client = RouteClient.Open();
        var index = client.Links.Get("r0").Index;
        using var socket = new Socket(System.Net.Sockets.AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6);
        socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastTimeToLive, 255);
        socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, index);
        var nodes = new byte[16];
        IPAddr.Parse("ff02::1").WriteBytes(nodes);
#pragma warning disable RS0030 // The framework's socket takes no other address.
        socket.SendTo(message, new IPEndPoint(new IPAddress(nodes, index), 0));
#pragma warning restore RS0030
    }
}
