using System.Buffers.Binary;
using Plugboard.Firewall.Firewalld;

namespace Plugboard.Tests.Unit.Firewall.Firewalld;

public sealed class BusTests
{
    // An answer "trusted" to call 7, as dbus-daemon passes it on: reply serial, destination, signature, sender.
    private static byte[] Answer(byte type = 2, string error = "", string value = "trusted")
    {
        var bytes = new List<byte> { (byte)'l', type, 1, 1 };
        var body = new List<byte>();
        AddString(body, value);
        AddUInt32(bytes, (uint)body.Count);
        AddUInt32(bytes, 3);
        var fields = new List<byte>();
        fields.AddRange([5, 1, (byte)'u', 0, 7, 0, 0, 0]);
        if (error.Length > 0)
            AddField(fields, 4, error);
        AddField(fields, 6, ":1.4");
        Align(fields);
        fields.AddRange([8, 1, (byte)'g', 0, 1, (byte)'s', 0]);
        AddField(fields, 7, ":1.2");
        AddUInt32(bytes, (uint)fields.Count);
        bytes.AddRange(fields);
        Align(bytes);
        bytes.AddRange(body);
        return [.. bytes];
    }

    private static void AddField(List<byte> to, byte number, string value)
    {
        Align(to);
        to.AddRange([number, 1, (byte)'s', 0]);
        AddString(to, value);
    }

    private static void AddString(List<byte> to, string value)
    {
        AddUInt32(to, (uint)value.Length);
        to.AddRange(System.Text.Encoding.ASCII.GetBytes(value));
        to.Add(0);
    }

    private static void AddUInt32(List<byte> to, uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        to.AddRange(bytes);
    }

    private static void Align(List<byte> to)
    {
        while (to.Count % 8 != 0)
            to.Add(0);
    }

    [Fact]
    public void An_answer_tells_its_call_and_its_first_value()
    {
        var bytes = Answer();
        Assert.Equal(bytes.Length - BusReply.HeaderSize, BusReply.RestAfter(bytes.AsSpan(0, BusReply.HeaderSize)));
        var reply = BusReply.Parse(bytes);
        Assert.Equal((7u, "s", "trusted", ""), (reply.ReplyTo, reply.Signature, reply.FirstString(), reply.ErrorName));
        Assert.False(reply.IsTrue());
    }

    [Fact]
    public void An_error_tells_its_name_and_text()
    {
        var reply = BusReply.Parse(Answer(3, "org.example.Error", "no"));
        Assert.Equal(("org.example.Error", "no"), (reply.ErrorName, reply.FirstString()));
    }

    [Fact]
    public void A_signal_answers_no_call() => Assert.Equal(0u, BusReply.Parse(Answer(4)).ReplyTo);

    // Whatever one byte says, the message is read or refused as a message.
    [Fact]
    public void A_message_with_any_wrong_byte_is_read_or_refused()
    {
        var right = Answer(3, "org.example.Error");
        for (var at = 0; at < right.Length; at++)
        {
            foreach (var value in (byte[])[0, 1, 0x7f, 0x80, 0xff])
            {
                var bytes = (byte[])right.Clone();
                bytes[at] = value;
                var refusal = Record.Exception(() =>
                {
                    var reply = BusReply.Parse(bytes);
                    reply.FirstString();
                    reply.IsTrue();
                });
                Assert.True(refusal is null or BusException, $"byte {at} = {value}: {refusal}");
            }
        }
    }

    [Fact]
    public void A_message_that_is_cut_off_is_refused()
    {
        var right = Answer();
        for (var length = BusReply.HeaderSize; length < right.Length; length++)
        {
            var refusal = Record.Exception(() => BusReply.Parse(right[..length]).FirstString());
            Assert.True(refusal is null or BusException, $"{length} bytes: {refusal}");
        }
    }

    [Theory]
    [InlineData("unix:path=/run/dbus/system_bus_socket", "/run/dbus/system_bus_socket")]
    [InlineData("unix:path=/a%20b,guid=1;tcp:host=x;unix:abstract=c", "/a b|\0c")]
    [InlineData("tcp:host=localhost,port=1", "")]
    [InlineData("unix:path=/a%2", "/a%2")]
    public void An_address_tells_its_sockets(string address, string sockets) =>
        Assert.Equal(sockets, string.Join('|', BusAddress.Sockets(address)));
}
