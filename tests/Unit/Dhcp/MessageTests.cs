using System.Text;
using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Tests.Unit.Dhcp;

/// <summary>Messages and packets, written and read.</summary>
public sealed class MessageTests
{
    private static readonly DhcpMessage Ack = new()
    {
        IsReply = true,
        Xid = 0x01020304,
        Hardware = MacAddress.Parse("02:00:00:00:00:01"),
        YourAddress = IPAddr.Parse("10.0.0.5"),
        Options =
        [
            (DhcpOption.MessageType, [5]),
            (DhcpOption.ServerIdentifier, [10, 0, 0, 1]),
            (DhcpOption.SubnetMask, [255, 255, 255, 0]),
            (DhcpOption.Routers, [10, 0, 0, 1, 10, 0, 0, 2]),
        ],
    };

    private static DhcpMessage With(params (byte Code, byte[] Value)[] more) => Ack with { Options = [.. Ack.Options, .. more] };

    private static Lease LeaseOf(DhcpMessage ack) => Lease.From(ack, MacAddress.Parse("02:00:00:00:00:02"), 0, out _)!;

    [Fact]
    public void A_message_is_read_as_it_was_written()
    {
        var long1 = Enumerable.Range(0, 600).Select(static i => (byte)i).ToArray();
        var written = With((DhcpOption.Message, "hello\n\0"u8.ToArray()), (125, long1)) with { Broadcast = true, Seconds = 9 };
        var read = DhcpReader.Read(DhcpWriter.Write(written))!;
        Assert.Equal(written with { Options = read.Options }, read);
        Assert.Equal(written.Options.Select(static each => each.Code), read.Options.Select(static each => each.Code));
        // RFC 3396: it went in parts.
        Assert.Equal(long1, read.Find(125));
        Assert.Equal("hello", read.Text);
        Assert.Equal(DhcpType.Ack, read.Type);
    }

    [Fact]
    public void A_message_has_at_least_the_length_of_BOOTP() => Assert.Equal(300, DhcpWriter.Write(Ack).Length);

    [Fact]
    public void Options_go_on_in_the_fields_of_file_and_server()
    {
        var bytes = DhcpWriter.Write(Ack with { Options = [(DhcpOption.Overload, [3]), (DhcpOption.MessageType, [2])] });
        ((byte[])[DhcpOption.Routers, 4, 10, 0, 0, 7, 255]).CopyTo(bytes, 108);
        ((byte[])[DhcpOption.HostName, 1, (byte)'h', 255]).CopyTo(bytes, 44);
        var read = DhcpReader.Read(bytes)!;
        Assert.Equal("10.0.0.7", read.FindAddress(DhcpOption.Routers).ToString());
        Assert.Equal("h"u8.ToArray(), read.Find(DhcpOption.HostName));
    }

    [Fact]
    public void What_is_cut_off_is_no_message()
    {
        var bytes = DhcpWriter.Write(Ack);
        for (var length = 0; length < 240; length++)
            Assert.Null(DhcpReader.Read(bytes.AsSpan(0, length)));
        // The last option says that it is longer than the message.
        bytes[240 + 1] = 255;
        Assert.Null(DhcpReader.Read(bytes));
    }

    [Fact]
    public void A_packet_has_right_checksums()
    {
        var packet = UdpPacket.Write(IPAddr.Parse("10.0.0.5"), IPAddr.Parse("10.0.0.1"), DhcpWriter.Write(Ack));
        Assert.Equal(0xffff, Sum(packet.AsSpan(0, 20), 0));
        // The pseudo header: addresses, protocol, length.
        Assert.Equal(0xffff, Sum(packet.AsSpan(12), 17 + (packet.Length - 20)));
        Assert.Equal(68, packet[20] << 8 | packet[21]);
        Assert.Equal(67, packet[22] << 8 | packet[23]);
    }

    private static int Sum(ReadOnlySpan<byte> bytes, int start)
    {
        var sum = start;
        for (var i = 0; i < bytes.Length; i++)
            sum += (i & 1) == 0 ? bytes[i] << 8 : bytes[i];
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        return sum;
    }

    [Fact]
    public void A_packet_for_another_port_or_a_fragment_is_not_read()
    {
        var packet = UdpPacket.Write(IPAddr.Parse("10.0.0.1"), IPAddr.Parse("10.0.0.5"), DhcpWriter.Write(Ack));
        Assert.True(UdpPacket.Read(packet).IsEmpty);
        packet[23] = 68;
        Assert.Equal(DhcpWriter.Write(Ack), UdpPacket.Read(packet).ToArray());
        packet[6] = 0x20;
        Assert.True(UdpPacket.Read(packet).IsEmpty);
    }

    [Theory]
    [InlineData("02:00:00:00:00:09", "10.0.0.5", "10.0.0.1", true)]
    [InlineData("02:00:00:00:00:09", "0.0.0.0", "10.0.0.5", true)]
    [InlineData("02:00:00:00:00:09", "10.0.0.1", "10.0.0.5", false)]
    [InlineData("02:00:00:00:00:01", "0.0.0.0", "10.0.0.5", false)]
    public void An_address_is_contested_by_who_has_it_or_probes_for_it(string sender, string address, string target, bool expected)
    {
        var packet = new ArpPacket(MacAddress.Parse(sender), IPAddr.Parse(address), IPAddr.Parse(target));
        Assert.Equal(expected, packet.Contests(IPAddr.Parse("10.0.0.5"), MacAddress.Parse("02:00:00:00:00:01")));
    }

    [Fact]
    public void A_probe_claims_no_address()
    {
        var probe = ArpPacket.Read(ArpPacket.WriteProbe(MacAddress.Parse("02:00:00:00:00:01"), IPAddr.Parse("10.0.0.5")))!.Value;
        Assert.True(probe.Sender.IsUnspecified);
        Assert.Equal("10.0.0.5", probe.Target.ToString());
    }

    [Fact]
    public void A_result_has_the_first_router_as_gateway_and_default_route()
    {
        var result = LeaseResult.From(LeaseOf(Ack), 5, 1500);
        Assert.Equal("10.0.0.5/24", result.IPs.Single().Address.ToString());
        Assert.Equal("10.0.0.1", result.IPs.Single().Gateway.ToString());
        Assert.Equal(
            ("0.0.0.0/0", "10.0.0.1", 5),
            (result.Routes[0].Dst.ToString(), result.Routes[0].Gw.ToString(), result.Routes[0].Priority)
        );
    }

    [Fact]
    public void Classless_routes_come_alone_and_a_route_without_router_is_on_the_link()
    {
        var ack = With((121, [16, 10, 9, 10, 0, 0, 3, 0, 10, 0, 0, 4, 25, 10, 8, 0, 128, 0, 0, 0, 0]), (33, [10, 66, 0, 0, 10, 0, 0, 9]));
        var routes = LeaseResult.From(LeaseOf(ack), 0, 1500).Routes;
        Assert.Equal(
            ["10.9.0.0/16 10.0.0.3 ", "0.0.0.0/0 10.0.0.4 ", "10.8.0.128/25 0.0.0.0 253"],
            routes.Select(static route => $"{route.Dst} {route.Gw} {route.Scope}")
        );
    }

    // As clouds answer: every machine has a network of its own.
    [Fact]
    public void A_router_outside_of_the_network_is_on_the_link_once_and_before_the_routes_by_it()
    {
        Assert.Equal(["172.31.1.1/32  253", "0.0.0.0/0 172.31.1.1 "], Routes((3, [172, 31, 1, 1])));
        Assert.Equal(["0.0.0.0/0 0.0.0.0 "], Routes((3, [0, 0, 0, 0])));
        Assert.Equal(["0.0.0.0/0 172.31.1.1 ", "172.31.0.0/16 0.0.0.0 253"], Routes((121, [0, 172, 31, 1, 1, 16, 172, 31, 0, 0, 0, 0])));
        Assert.Equal(
            ["172.31.1.1/32  253", "10.9.0.0/16 172.31.1.1 ", "0.0.0.0/0 172.31.1.1 "],
            Routes((121, [16, 10, 9, 172, 31, 1, 1, 0, 172, 31, 1, 1]))
        );

        static IEnumerable<string> Routes((byte, byte[]) option) =>
            LeaseResult
                .From(LeaseOf(Ack with { Options = [option, .. Ack.Options] }), 0, 1500)
                .Routes.Select(static route => $"{route.Dst} {route.Gw} {route.Scope}");
    }

    [Fact]
    public void Static_routes_have_the_masks_of_their_classes()
    {
        var ack = With((33, [10, 66, 0, 0, 10, 0, 0, 9, 172, 16, 5, 0, 10, 0, 0, 9, 192, 168, 7, 0, 10, 0, 0, 9]));
        var routes = LeaseResult.From(LeaseOf(ack), 0, 1500).Routes;
        Assert.Equal(["10.0.0.0/8", "172.16.0.0/16", "192.168.7.0/24", "0.0.0.0/0"], routes.Select(static route => route.Dst.ToString()));
    }

    [Theory]
    [InlineData(1400, 1500, 1400)]
    [InlineData(9000, 1500, 0)]
    [InlineData(60, 1500, 0)]
    public void A_smaller_MTU_is_that_of_the_routes(int option, int link, int expected)
    {
        var ack = With((26, [(byte)(option >> 8), (byte)option]));
        Assert.Equal(expected, LeaseResult.From(LeaseOf(ack), 0, link).Routes[0].Mtu);
    }

    [Fact]
    public void DNS_is_reported_and_what_is_no_name_is_left_out()
    {
        byte[] search = [3, (byte)'e', (byte)'n', (byte)'g', 5, .. "apple"u8, 3, .. "com"u8, 0, 9, .. "marketing"u8, 0xc0, 4, 0xc0, 30];
        var dns = LeaseResult
            .From(LeaseOf(With((6, [10, 0, 0, 8, 10, 0, 0, 9]), (15, "example.org\0"u8.ToArray()), (119, search))), 0, 1500)
            .Dns;
        Assert.Equal(["10.0.0.8", "10.0.0.9"], dns.Nameservers);
        Assert.Equal("example.org", dns.Domain);
        Assert.Equal(["eng.apple.com", "marketing.apple.com"], dns.Search);
        var hostile = With((15, Encoding.UTF8.GetBytes("a\nnameserver 6.6.6.6")));
        Assert.Equal("", LeaseResult.From(LeaseOf(hostile), 0, 1500).Dns.Domain);
    }

    [Fact]
    public void An_acknowledgement_without_mask_server_or_address_gives_no_lease()
    {
        foreach (var code in (byte[])[DhcpOption.SubnetMask, DhcpOption.ServerIdentifier])
        {
            var ack = Ack with { Options = [.. Ack.Options.Where(option => option.Code != code)] };
            Assert.Null(Lease.From(ack, default, 0, out var fault));
            Assert.Contains("not found in DHCPACK", fault, StringComparison.Ordinal);
        }

        Assert.Null(Lease.From(Ack with { YourAddress = IPAddr.Parse("224.0.0.1") }, default, 0, out _));
        Assert.Null(Lease.From(With() with { Options = [(54, [1, 2, 3, 4]), (1, [255, 0, 255, 0])] }, default, 0, out _));
    }
}
