using System.Text;
using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;

namespace Plugboard.Tests.Unit.Firewall.Nftables;

/// <summary>Keys and comments in words.</summary>
public sealed class NftablesTextTests
{
    [Fact]
    public void Keys_of_every_type()
    {
        DataType[] types =
        [
            DataType.Ipv4Addr,
            DataType.Ipv6Addr,
            DataType.EtherAddr,
            DataType.InetProto,
            DataType.InetService,
            DataType.Mark,
            DataType.Number,
            DataType.FlowDirection,
            DataType.IfName,
        ];
        var key = Field.Join(
            Field.Of(IPAddr.Parse("10.0.0.1")),
            Field.Of(IPAddr.Parse("2001:db8::1")),
            Field.Of(new MacAddress(0x0200_0000_0001)),
            Field.Protocol(17),
            Field.Port(443),
            Field.Mark(0x2000),
            Field.Number(12),
            Field.Direction(isReply: true),
            Field.Link("eth0")
        );
        Assert.Equal(
            "10.0.0.1 . 2001:db8::1 . 02:00:00:00:00:01 . udp . 443 . 0x00002000 . 12 . reply . \"eth0\"",
            FieldText.Describe(types, key)
        );
    }

    [Theory]
    [InlineData("10.0.0.0", "10.255.255.255", "10.0.0.0/8")]
    [InlineData("0.0.0.0", "255.255.255.255", "0.0.0.0/0")]
    [InlineData("10.0.0.1", "10.0.0.1", "10.0.0.1")]
    [InlineData("10.0.0.1", "10.0.0.2", "10.0.0.1-10.0.0.2")]
    [InlineData("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32")]
    public void Intervals_of_addresses(string from, string to, string text)
    {
        var (first, last) = (IPAddr.Parse(from), IPAddr.Parse(to));
        Assert.Equal(text, FieldText.Describe([DataType.Address(first.Is6)], Field.Join(Field.Of(first)), Field.Join(Field.Of(last))));
    }

    [Fact]
    public void A_key_of_another_length_is_printed_in_hexadecimal()
    {
        Assert.Equal("0A00", FieldText.Describe([DataType.Ipv4Addr], [10, 0]));
        Assert.Equal("", FieldText.Describe([DataType.InetProto], []));
        Assert.Equal("0A000001", FieldText.Describe([DataType.Ipv4Addr, DataType.InetService], [10, 0, 0, 1]));
        Assert.Equal("0102", FieldText.Describe([new DataType(35, 2, "")], [1, 2]));
    }

    [Fact]
    public void A_comment_is_written_with_its_length_and_read_among_others()
    {
        var bytes = UserDataComment.Write(UserDataComment.InSet, "äb");
        Assert.Equal([7, 4, 0xc3, 0xa4, (byte)'b', 0], bytes);
        Assert.Equal("äb", UserDataComment.Read(UserDataComment.InSet, bytes));
        Assert.Equal("äb", UserDataComment.Read(UserDataComment.InSet, [0, 4, 1, 0, 0, 0, .. bytes]));
        Assert.Equal("", UserDataComment.Read(UserDataComment.InRule, bytes));
    }

    [Fact]
    public void A_comment_has_at_most_128_bytes()
    {
        var longest = new string('ä', 64);
        Assert.Equal(longest, UserDataComment.Read(0, UserDataComment.Write(0, longest)));
        Assert.Throws<ArgumentException>(() => UserDataComment.Write(0, longest + "x"));
    }

    [Fact]
    public void Any_bytes_are_a_comment_or_none()
    {
        Assert.Equal("", UserDataComment.Read(0, []));
        Assert.Equal("", UserDataComment.Read(0, [0]));
        Assert.Equal("", UserDataComment.Read(0, [0, 5, 1]));
        Assert.Equal("", UserDataComment.Read(0, [0, 0]));
        var random = new Random(1);
        var bytes = new byte[40];
        for (var i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            bytes[1] = (byte)random.Next(50);
            Assert.True(
                Encoding.UTF8.GetByteCount(UserDataComment.Read((byte)random.Next(3), bytes.AsSpan(0, random.Next(bytes.Length))))
                    <= 3 * bytes.Length
            );
        }
    }
}
