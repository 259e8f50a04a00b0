using Plugboard.Addresses;
using Plugboard.Netlink;
using Plugboard.Netlink.Uapi;

namespace Plugboard.Tests.Unit.Netlink;

public sealed class NetlinkWireTests
{
    [Fact]
    public void Every_kind_of_attribute_is_read_as_it_was_written()
    {
        var writer = new NetlinkWriter();
        using (writer.Message(16, 5))
        {
            writer.WriteStruct(0x01020304u);
            writer.WriteUInt8(1, 0xfe);
            writer.WriteUInt16(2, 0xfedc);
            writer.WriteUInt16BigEndian(3, 0xfedc);
            writer.WriteUInt32(4, 0xfedcba98);
            writer.WriteUInt32BigEndian(5, 0xfedcba98);
            writer.WriteUInt64(6, 0xfedcba9876543210);
            writer.WriteUInt64BigEndian(7, 0xfedcba9876543210);
            writer.WriteString(8, "häuser");
            writer.WriteAddress(9, IPAddr.Parse("10.1.2.3"));
            writer.WriteAddress(10, IPAddr.Parse("fd00::1"));
            writer.WriteMac(11, MacAddress.Parse("02:11:22:33:44:55"));
            writer.WriteFlag(12);
            using (writer.Nested(13))
            {
                using (writer.Nested(1))
                    writer.WriteString(2, "inside");
                writer.WriteUInt8(3, 9);
            }

            writer.WriteBytes(14, [1, 2, 3]);
        }

        var reader = new NetlinkReader(writer.Written);
        Assert.True(reader.Read());
        Assert.Equal((16, 5, 0x01020304u), (reader.Current.Type, reader.Current.Flags, reader.Current.Header<uint>()));
        var a = reader.Current.Attributes<uint>();
        Assert.True(a.Read() && a.Type == 1 && a.UInt8() == 0xfe);
        Assert.True(a.Read() && a.Type == 2 && a.UInt16() == 0xfedc);
        Assert.True(a.Read() && a.Type == 3 && a.UInt16BigEndian() == 0xfedc && a.Value[0] == 0xfe);
        Assert.True(a.Read() && a.Type == 4 && a.UInt32() == 0xfedcba98 && a.Int32() < 0);
        Assert.True(a.Read() && a.Type == 5 && a.UInt32BigEndian() == 0xfedcba98 && a.Value[0] == 0xfe);
        Assert.True(a.Read() && a.Type == 6 && a.UInt64() == 0xfedcba9876543210);
        Assert.True(a.Read() && a.Type == 7 && a.UInt64BigEndian() == 0xfedcba9876543210 && a.Value[0] == 0xfe);
        Assert.True(a.Read() && a.Type == 8 && a.String() == "häuser" && a.Value.Length == 8);
        Assert.True(a.Read() && a.Type == 9 && a.Address() == IPAddr.Parse("10.1.2.3"));
        Assert.True(a.Read() && a.Type == 10 && a.Address() == IPAddr.Parse("fd00::1"));
        Assert.True(a.Read() && a.Type == 11 && a.Mac() == MacAddress.Parse("02:11:22:33:44:55"));
        Assert.True(a.Read() && a.Type == 12 && a.Value.IsEmpty && !a.HasNestedFlag);
        Assert.True(a.Read() && a.Type == 13 && a.HasNestedFlag);
        AssertNested(a.Nested());
        Assert.True(a.Read() && a.Type == 14 && a.Value.SequenceEqual((byte[])[1, 2, 3]));
        Assert.False(a.Read());
        Assert.False(reader.Read());
    }

    private static void AssertNested(AttributeReader outer)
    {
        Assert.True(outer.Read() && outer.Type == 1);
        var inner = outer.Nested();
        Assert.True(inner.Read() && inner.Type == 2 && inner.String() == "inside");
        Assert.False(inner.Read());
        Assert.True(outer.Read() && outer.Type == 3 && outer.UInt8() == 9);
        Assert.False(outer.Read());
    }

    [Fact]
    public void The_bytes_are_the_kernels()
    {
        var writer = new NetlinkWriter();
        using (writer.Message(18, 1))
        {
            writer.WriteStruct((ushort)0x1111);
            using (writer.Nested(2))
                writer.WriteString(3, "ab");
        }

        writer.HeaderAt(0).nlmsg_seq = 7;
        Assert.Equal(
            "20000000" + "1200" + "0100" + "07000000" + "00000000" + "11110000" + "0C000280" + "07000300" + "61620000",
            Convert.ToHexString(writer.Written)
        );
    }

    [Fact]
    public void A_message_larger_than_the_first_buffer_is_whole()
    {
        var writer = new NetlinkWriter();
        using (writer.Message(1, 0))
        {
            for (var i = 0; i < 5000; i++)
                writer.WriteUInt32((ushort)(i & 0xfff), (uint)i);
        }

        var reader = new NetlinkReader(writer.Written);
        Assert.True(reader.Read());
        var attributes = new AttributeReader(reader.Current.Payload);
        for (var i = 0; i < 5000; i++)
            Assert.True(attributes.Read() && attributes.UInt32() == i);
        Assert.False(attributes.Read());
    }

    [Fact]
    public void Several_messages_follow_each_other_aligned()
    {
        var writer = new NetlinkWriter();
        using (writer.Message(1, 0))
            writer.WriteUInt8(1, 1);
        using (writer.Message(2, 0))
            writer.WriteUInt8(1, 2);
        var reader = new NetlinkReader(writer.Written);
        Assert.True(reader.Read() && reader.Current.Type == 1);
        Assert.True(reader.Read() && reader.Current.Type == 2);
        Assert.False(reader.Read());
    }

    [Fact]
    public void What_is_too_large_for_an_attribute_is_refused()
    {
        var writer = new NetlinkWriter();
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.WriteBytes(1, new byte[65532]));
        Assert.Throws<InvalidOperationException>(() =>
        {
            using (writer.Nested(1))
            {
                writer.WriteBytes(1, new byte[40000]);
                writer.WriteBytes(1, new byte[40000]);
            }
        });
    }

    [Theory]
    [InlineData("0F000000")] // cut off
    [InlineData("0F000000100000000000000000000000")] // shorter than its header
    [InlineData("11000000100000000000000000000000")] // longer than the datagram
    [InlineData("FFFFFFFF100000000000000000000000")]
    public void What_is_no_message_is_refused(string hex) =>
        Assert.Throws<NetlinkFormatException>(() =>
        {
            var reader = new NetlinkReader(Convert.FromHexString(hex));
            while (reader.Read())
                _ = reader.Current.Type;
        });

    [Theory]
    [InlineData("03000100")] // shorter than its header
    [InlineData("0900010000000000")] // longer than its container
    public void What_is_no_attribute_is_refused(string hex) =>
        Assert.Throws<NetlinkFormatException>(() =>
        {
            var reader = new AttributeReader(Convert.FromHexString(hex));
            while (reader.Read())
                _ = reader.Type;
        });

    [Fact]
    public void A_value_of_another_size_is_refused()
    {
        Assert.Throws<NetlinkFormatException>(() => First("0500010001000000").UInt32());
        Assert.Throws<NetlinkFormatException>(() => First("0800010001000000").UInt8());
        Assert.Throws<NetlinkFormatException>(() => First("0500010001000000").Address());
        Assert.Throws<NetlinkFormatException>(() => First("0500010001000000").NestedAfter(16));
        Assert.Throws<NetlinkFormatException>(() => First("0500010001000000").Struct<NlMsgHdr>());
        Assert.Null(First("0500010001000000").Mac());
    }

    private static AttributeReader First(string hex)
    {
        var reader = new AttributeReader(Convert.FromHexString(hex));
        Assert.True(reader.Read());
        return reader;
    }
}
