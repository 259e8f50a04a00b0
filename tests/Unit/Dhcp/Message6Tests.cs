using System.Text;
using Plugboard.Addresses;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Tests.Unit.Dhcp;

/// <summary>The bytes of DHCPv6 and of neighbour discovery: what is written is read, and what is cut off is not.</summary>
public sealed class Message6Tests
{
    // An ADVERTISE with IA_NA, an address in it with a status in that, and an option of a number that nobody knows.
    private const string Advertise =
        "02abcdef" // type and transaction
        + "00010006000400010203" // client identifier
        + "0002000400030001" // server identifier
        + "000300340000000b000000640000008c" // IA_NA 11, T1 100, T2 140
        + "0005001efd00000000000000000000000000000500000190000003e8" // fd00::5, 400 s, 1000 s
        + "000d00020000" // Success, inside the address
        + "000d00020000" // Success, inside the association
        + "1267000161"; // option 4711

    private static byte[] Bytes => Convert.FromHexString(Advertise);

    [Fact]
    public void Options_in_options_are_read_and_unknown_ones_passed_over()
    {
        var message = Dhcp6Reader.Read(Bytes)!;
        Assert.Equal((Dhcp6Type.Advertise, 0xabcdefu), (message.Type, message.Xid));
        Assert.Equal([0, 4, 0, 1, 2, 3], message.Client!);
        Assert.Equal([0, 3, 0, 1], message.Server!);
        var association = message.FindAssociation(11)!;
        Assert.Equal((100u, 140u), (association.Renewal, association.Rebinding));
        Assert.Equal(new Dhcp6Address(IPAddr.Parse("fd00::5"), 400, 1000), Assert.Single(association.Addresses));
        Assert.Equal(Dhcp6Status.Success, association.Status.Code);
        Assert.Null(message.FindAssociation(12));
        Assert.Equal("a"u8.ToArray(), message.Find(4711)!);
        Assert.Equal(Bytes, Dhcp6Reader.Write(message));
    }

    [Fact]
    public void A_message_that_is_cut_off_anywhere_within_an_option_is_none()
    {
        var whole = Bytes;
        // Between two options a shorter message ends.
        int[] ends = [4, 14, 22, 78, whole.Length];
        for (var length = 0; length <= whole.Length; length++)
            Assert.Equal(ends.Contains(length), Dhcp6Reader.Read(whole.AsSpan(0, length)) is not null);
    }

    [Theory]
    [InlineData("0c000000")] // RELAY-FORW
    [InlineData("00000000")]
    [InlineData("ff000000")]
    public void A_message_of_another_type_is_none(string hex) => Assert.Null(Dhcp6Reader.Read(Convert.FromHexString(hex)));

    [Theory]
    [InlineData("0000000b00000064")] // shorter than its times
    [InlineData("0000000b0000008c00000064")] // T1 after T2
    [InlineData("0000000b00000064000000c8000500")] // cut off
    public void An_invalid_association_is_none(string hex) => Assert.Null(Dhcp6Association.Read(Convert.FromHexString(hex)));

    [Theory]
    [InlineData("0005001800000000000000000000000000000000000000640000006400000000")] // ::, and too long
    [InlineData("00050018ff02000000000000000000000000000100000064000000c8")] // a group
    [InlineData("00050018fe80000000000000000000000000000100000064000000c8")] // link-local
    [InlineData("00050018fd000000000000000000000000000005000000c900000064")] // preferred for longer than valid
    [InlineData("0005001efd000000000000000000000000000005000000640000006400" + "0d00020002")] // refused, inside
    public void An_address_that_cannot_be_used_is_left_out(string option)
    {
        var bytes = Convert.FromHexString("0000000b0000000000000000" + option);
        Assert.Empty(Dhcp6Association.Read(bytes)?.Addresses ?? []);
    }

    [Theory]
    [InlineData("0002", "NoAddrsAvail")]
    [InlineData("0003", "NoBinding")]
    [InlineData("0004", "NotOnLink")]
    [InlineData("0005", "UseMulticast")]
    [InlineData("00026e6f0a1b5b31", "NoAddrsAvail: no")]
    [InlineData("0101", "status 257")]
    [InlineData("00", "UnspecFail")]
    [InlineData("", "UnspecFail")]
    public void A_status_is_said_in_one_line(string value, string expected)
    {
        var text = Dhcp6StatusText.Of([(Dhcp6Option.Status, Convert.FromHexString(value))]).ToString();
        Assert.StartsWith(expected, text, StringComparison.Ordinal);
        Assert.DoesNotContain(text, char.IsControl);
    }

    [Fact]
    public void A_probe_has_the_checksum_and_the_group_of_its_address_and_an_answer_contests_it()
    {
        var address = IPAddr.Parse("fd00::12:3456");
        var probe = NeighbourPacket.WriteProbe(address, 0x0102030405060708);
        Assert.Equal(0, IPv6Packet.Checksum(probe, IPv6Packet.Icmp));
        var read = NeighbourPacket.Read(probe)!.Value;
        Assert.Equal((false, true, address), (read.IsAnswer, read.Sender.IsUnspecified, read.Target));
        Assert.Equal(
            ("ff02::1:ff12:3456", "33:33:ff:12:34:56"),
            (GroupText(address), NeighbourPacket.GroupOf(address).Hardware.ToString())
        );
        Assert.True(read.Contests(address));
        Assert.False(read.Contests(IPAddr.Parse("fd00::13:3456")));
        Assert.True(new NeighbourPacket(true, IPAddr.Parse("fe80::1"), address).Contests(address));
        // A question by a node that has an address is no claim of the one that it asks for.
        Assert.False(new NeighbourPacket(false, IPAddr.Parse("fe80::1"), address).Contests(address));
    }

    private static string GroupText(IPAddr address) => NeighbourPacket.GroupOf(address).Group.ToString();

    [Fact]
    public void A_probe_that_was_changed_or_cut_off_or_came_from_elsewhere_is_none()
    {
        var probe = NeighbourPacket.WriteProbe(IPAddr.Parse("fd00::5"), 7);
        for (var at = 0; at < probe.Length; at++)
        {
            Assert.Null(NeighbourPacket.Read(probe.AsSpan(0, at)));
            var changed = probe.ToArray();
            changed[at] ^= 0x55;
            // Traffic class and flow label are in no checksum, and a payload that is said to be shorter is another one.
            Assert.True(at is < 4 or 0 || NeighbourPacket.Read(changed) is null, $"byte {at}");
        }
    }

    [Fact]
    public void A_datagram_of_the_host_has_the_checksum_of_UDP()
    {
        var packet = IPv6Packet.WriteUdp(IPAddr.Parse("fe80::1"), Dhcp6Ports.AllServers, "odd"u8);
        Assert.Equal(0, IPv6Packet.Checksum(packet, 17));
        Assert.Equal([0x02, 0x22, 0x02, 0x23, 0, 11], packet.AsSpan(40, 6).ToArray());
        Assert.Equal("ff02::1:2", Dhcp6Ports.AllServers.ToString());
        Assert.Equal("odd", Encoding.UTF8.GetString(packet.AsSpan(48)));
    }
}
