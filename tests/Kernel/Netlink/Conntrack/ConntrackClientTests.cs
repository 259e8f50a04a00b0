using System.Net.Sockets;
using Plugboard.Addresses;
using Plugboard.Netlink.Conntrack;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.ConntrackTests;

/// <summary>Real flows over the loopback device; conntrack(8) is the oracle.</summary>
public sealed class ConntrackClientTests : IDisposable
{
    private const byte Udp = 17;

    private readonly TestNamespace host = new();
    private readonly ConntrackClient client;

    public ConntrackClientTests()
    {
        host.Tool("ip link set lo up");
        foreach (var address in new[] { "10.0.0.1/32", "10.0.0.2/32", "10.0.0.3/32" })
            host.Tool($"ip addr add {address} dev lo");
        foreach (var address in new[] { "fd00::1/128", "fd00::2/128", "fd00::3/128" })
        {
            host.Tool($"ip addr add {address} dev lo nodad");
            host.WaitUntilLocal(address.Split('/')[0]);
        }

        // A rule that asks for the state is what makes the kernel track.
        host.Tool("nft add table inet t");
        host.Tool("nft add chain inet t c { type nat hook output priority -100 ; }");
        host.Tool("nft add rule inet t c ip daddr 10.0.0.3 udp dport 99 dnat ip to 10.0.0.2:53");
        host.Tool("nft add rule inet t c ip6 daddr fd00::3 udp dport 99 dnat ip6 to [fd00::2]:53");
        client = ConntrackClient.Open(host.Namespace);
    }

    public void Dispose()
    {
        client.Dispose();
        host.Dispose();
    }

    [KernelTheory]
    [InlineData("10.0.0.1", "10.0.0.2", "10.0.0.3")]
    [InlineData("fd00::1", "fd00::2", "fd00::3")]
    public void Only_the_flows_of_a_filter_are_returned_and_removed(string first, string second, string third)
    {
        var is6 = IPAddr.Parse(first).Is6;
        Send(first, second, 53);
        Send(first, second, 54);
        Send(second, first, 53);
        Send(first, third, 99);
        Send(is6 ? "10.0.0.1" : "fd00::1", is6 ? "10.0.0.2" : "fd00::2", 53);
        var (one, two, three) = (IPAddr.Parse(first), IPAddr.Parse(second), IPAddr.Parse(third));

        Assert.Equal([(one, two), (two, one)], Ends(new FlowFilter(is6, Udp, new FlowEnds { DestinationPort = 53 })));
        Assert.Equal([(one, two)], Ends(new FlowFilter(is6, Udp, new FlowEnds { Destination = two, DestinationPort = 53 })));
        Assert.Equal([(one, two), (one, two), (one, three)], Ends(new FlowFilter(is6, null, new FlowEnds { Source = one })));
        Assert.Equal([(one, two)], Ends(new FlowFilter(is6, Udp, new FlowEnds { SourcePort = 4054 })));
        Assert.Empty(Ends(new FlowFilter(is6, 6, new FlowEnds { DestinationPort = 53 })));

        // The forwarded flow is known by its destination before the translation and by its source after it.
        var forwarded = Assert.Single(
            client.List(new FlowFilter(is6, Udp, new FlowEnds { Destination = three }, new FlowEnds { Source = two, SourcePort = 53 }))
        );
        Assert.Equal(new FlowTuple(one, three, Udp, 4099, 99), forwarded.Original);
        Assert.Equal(new FlowTuple(two, one, Udp, 53, 4099), forwarded.Reply);
        Assert.True(forwarded.Status.HasFlag(FlowStatus.DestinationNat | FlowStatus.Confirmed));

        Assert.Equal(5, Count());
        Assert.Equal(1, client.DeleteWhere(new FlowFilter(is6, Udp, new FlowEnds { DestinationPort = 99 }, new FlowEnds { Source = two })));
        Assert.DoesNotContain("dport=99", Listed());
        Assert.Equal(4, Count());
        Assert.Equal(2, client.DeleteWhere(new FlowFilter(is6, Udp, new FlowEnds { DestinationPort = 53 })));
        Assert.Equal(0, client.DeleteWhere(new FlowFilter(is6, Udp, new FlowEnds { DestinationPort = 53 })));
        Assert.Equal(2, Count());
        Assert.Contains("dport=54", Listed());
        Assert.False(client.Delete(forwarded));
    }

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_kernel_itself_picks_the_flows(bool is6)
    {
        for (ushort port = 1; port <= 20; port++)
            Send(is6 ? "fd00::1" : "10.0.0.1", is6 ? "fd00::2" : "10.0.0.2", port);
        var destination = IPAddr.Parse(is6 ? "fd00::2" : "10.0.0.2");
        foreach (
            var filter in new[]
            {
                new FlowFilter(is6, Udp, new FlowEnds { DestinationPort = 7 }),
                new FlowFilter(is6, Udp, new FlowEnds { SourcePort = 4007 }),
                new FlowFilter(is6, Udp, new FlowEnds { Destination = destination, DestinationPort = 7 }),
                new FlowFilter(is6, Udp, null, new FlowEnds { SourcePort = 7 }),
                new FlowFilter(is6, Udp, null, new FlowEnds { Source = destination, DestinationPort = 4007 }),
            }
        )
        {
            // Linux 5.8; before that all twenty come and are picked by the client.
            Assert.Equal(7, Assert.Single(client.Dump(filter, _ => true)).Original.DestinationPort);
        }
    }

    [KernelFact]
    public void A_flow_that_took_another_ones_place_survives()
    {
        Send("10.0.0.1", "10.0.0.2", 53);
        var filter = new FlowFilter(false, Udp, new FlowEnds { DestinationPort = 53 });
        var flow = Assert.Single(client.List(filter));
        // The kernel reuses an id when it reuses the memory of the flow, so the other flow is made up.
        Assert.False(client.Delete(flow with { Id = flow.Id + 1 }));
        Assert.Equal(1, Count());
        Assert.True(client.Delete(flow));
        Assert.Equal(0, Count());
    }

    [KernelFact]
    public void A_flow_of_a_protocol_without_ports_is_removed_too()
    {
        host.Tool("ping -c 1 -W 1 -I 10.0.0.1 10.0.0.2");
        var filter = new FlowFilter(false, 1, new FlowEnds { Destination = IPAddr.Parse("10.0.0.2") });
        Assert.True(Assert.Single(client.List(filter)).Status.HasFlag(FlowStatus.SeenReply));
        Assert.Equal(1, client.DeleteWhere(filter));
        Assert.Equal(0, Count());
    }

    private IEnumerable<(IPAddr Source, IPAddr Destination)> Ends(FlowFilter filter) =>
        client.List(filter).Select(flow => (flow.Original.Source, flow.Original.Destination)).Order();

    // From port 4000 more than the one it goes to.
    private void Send(string from, string to, ushort port) =>
        host.Run(() =>
        {
#pragma warning disable RS0030 // The framework's sockets take its own addresses.
            var source = new System.Net.IPEndPoint(System.Net.IPAddress.Parse(from), port + 4000);
            using var socket = new Socket(source.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(source);
            socket.SendTo([1], new System.Net.IPEndPoint(System.Net.IPAddress.Parse(to), port));
#pragma warning restore RS0030
        });

    private string Listed() => host.Tool("conntrack -L -f ipv4") + host.Tool("conntrack -L -f ipv6");

    private int Count() => Listed().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
}
