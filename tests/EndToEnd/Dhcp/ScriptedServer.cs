using System.Buffers.Binary;
using Plugboard.Addresses;
using Plugboard.Dhcp.Wire;
using Plugboard.Linux.Sockets;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Dhcp;

/// <summary>What a client sent, and from which address.</summary>
internal sealed record Received(DhcpMessage Message, IPAddr Source, IPAddr Destination)
{
    /// <summary>A word: DISCOVER, SELECT, REBOOT, RENEW, REBIND, DECLINE, RELEASE.</summary>
    public string Word =>
        Message.Type switch
        {
            DhcpType.Request when Message.Server is not null => "SELECT",
            DhcpType.Request when Message.FindAddress(DhcpOption.RequestedAddress) is not null => "REBOOT",
            DhcpType.Request => Destination.Value == uint.MaxValue ? "REBIND" : "RENEW",
            var type => type.ToString()!.ToUpperInvariant(),
        };
}

/// <summary>A DHCP server that does what a test says, with leases of seconds, on a socket of frames.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly PacketSocket socket;
    private readonly Thread thread;
    private readonly List<Received> received = [];
    private volatile bool ends;

    /// <summary>Serves by s0 of a namespace.</summary>
    /// <param name="inside">The namespace.</param>
    /// <param name="answer">What a message is answered with; null: nothing.</param>
    public ScriptedServer(TestNamespace inside, Func<Received, DhcpMessage?> answer)
    {
        FilterStep[] all = [new FilterStep(6, 0, 0, ushort.MaxValue)];
        var link = inside.Json("ip -j link show dev s0")[0].GetProperty("ifindex").GetInt32();
        socket = inside.Run(() => PacketSocket.Open(link, all));
        thread = new Thread(() => Serve(answer)) { IsBackground = true };
        thread.Start();
    }

    /// <summary>The words of what was received, in order.</summary>
    public string Words => string.Join(' ', Messages.Select(static each => each.Word));

    /// <summary>What was received.</summary>
    public IReadOnlyList<Received> Messages
    {
        get
        {
            lock (received)
                return [.. received];
        }
    }

    /// <summary>An answer with an address and times in seconds.</summary>
    public static DhcpMessage Answer(Received to, DhcpType type, string address, uint lease = 0, params (byte, byte[])[] more) =>
        new()
        {
            IsReply = true,
            Xid = to.Message.Xid,
            Hardware = to.Message.Hardware,
            YourAddress = type == DhcpType.Nak ? IPAddr.V4(0) : IPAddr.Parse(address),
            Options =
            [
                (DhcpOption.MessageType, [(byte)type]),
                (DhcpOption.ServerIdentifier, [192, 168, 50, 1]),
                (DhcpOption.SubnetMask, [255, 255, 255, 0]),
                (DhcpOption.Routers, [192, 168, 50, 1]),
                (DhcpOption.LeaseTime, [(byte)(lease >> 24), (byte)(lease >> 16), (byte)(lease >> 8), (byte)lease]),
                .. more,
            ],
        };

    private void Serve(Func<Received, DhcpMessage?> answer)
    {
        var buffer = new byte[2048];
        var poll = new SocketPoll();
        while (!ends)
        {
            poll.Clear();
            poll.Add(socket);
            poll.Wait(50);
            while (socket.TryReceive(buffer, out var protocol, out var from) is { } length)
            {
                if (protocol == UdpPacket.EtherType && Read(buffer.AsSpan(0, length)) is { Message.IsReply: false } message)
                    Take(message, from, answer);
            }
        }
    }

    private void Take(Received message, MacAddress from, Func<Received, DhcpMessage?> answer)
    {
        lock (received)
            received.Add(message);
        if (answer(message) is not { } reply)
            return;
        var packet = UdpPacket.Write(IPAddr.Parse("192.168.50.1"), IPAddr.V4(uint.MaxValue), DhcpWriter.Write(reply));
        SwapPorts(packet);
        socket.Send(UdpPacket.EtherType, from, packet);
    }

    private static Received? Read(Span<byte> packet)
    {
        if (packet.Length < 28)
            return null;
        SwapPorts(packet);
        return DhcpReader.Read(UdpPacket.Read(packet)) is { } message
            ? new Received(message, IPAddr.FromBytes(packet.Slice(12, 4)), IPAddr.FromBytes(packet.Slice(16, 4)))
            : null;
    }

    // The checksum is a sum: it stays right.
    private static void SwapPorts(Span<byte> packet) =>
        BinaryPrimitives.WriteUInt32BigEndian(packet[20..], uint.RotateLeft(BinaryPrimitives.ReadUInt32BigEndian(packet[20..]), 16));

    public void Dispose()
    {
        ends = true;
        thread.Join();
        socket.Dispose();
    }
}
