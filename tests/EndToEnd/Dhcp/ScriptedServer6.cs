using System.Net;
using System.Net.Sockets;
using Plugboard.Addresses;
using Plugboard.Dhcp.Wire;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Dhcp;

/// <summary>A DHCPv6 server, or several, that does what a test says, on s0 of a namespace.</summary>
internal sealed class ScriptedServer6 : IDisposable
{
    public static readonly byte[] First = [0, 3, 0, 1, 0xaa];
    public static readonly byte[] Second = [0, 3, 0, 1, 0xbb];

    private readonly Socket socket;
    private readonly Thread thread;
    private readonly List<Dhcp6Message> received = [];
    private volatile bool ends;

    /// <summary>Serves.</summary>
    /// <param name="inside">The namespace.</param>
    /// <param name="answer">What a message is answered with, in this order.</param>
    public ScriptedServer6(TestNamespace inside, Func<Dhcp6Message, IEnumerable<Dhcp6Message>> answer)
    {
        var link = inside.Json("ip -j link show dev s0")[0].GetProperty("ifindex").GetInt32();
        socket = inside.Run(() => Open(link));
        thread = new Thread(() => Serve(answer)) { IsBackground = true };
        thread.Start();
    }

#pragma warning disable RS0030 // The framework's socket takes no other address.
    private static Socket Open(int link)
    {
        var group = new byte[16];
        Dhcp6Ports.AllServers.WriteBytes(group);
        var opened = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 50 };
        opened.Bind(new IPEndPoint(IPAddress.IPv6Any, Dhcp6Ports.Server));
        opened.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(new IPAddress(group), link));
        return opened;
    }

    private void Serve(Func<Dhcp6Message, IEnumerable<Dhcp6Message>> answer)
    {
        var buffer = new byte[4096];
        while (!ends)
        {
            EndPoint from = new IPEndPoint(IPAddress.IPv6Any, 0);
            try
            {
                var length = socket.ReceiveFrom(buffer, ref from);
                if (Dhcp6Reader.Read(buffer.AsSpan(0, length)) is not { } message)
                    continue;
                lock (received)
                    received.Add(message);
                foreach (var reply in answer(message))
                    socket.SendTo(Dhcp6Reader.Write(reply), from);
            }
            catch (SocketException)
            {
                // Nothing has come, or the client is gone.
            }
        }
    }
#pragma warning restore RS0030

    /// <summary>What was received.</summary>
    public IReadOnlyList<Dhcp6Message> Messages
    {
        get
        {
            lock (received)
                return [.. received];
        }
    }

    /// <summary>The names of what was received, in order.</summary>
    public string Words => string.Join(' ', Messages.Select(static each => each.Type));

    /// <summary>An answer with an address and its times in seconds: T1 and T2, then the lifetimes.</summary>
    public static Dhcp6Message Answer(
        Dhcp6Message to,
        Dhcp6Type type,
        string address,
        (uint T1, uint T2, uint Preferred, uint Valid) times,
        params (ushort, byte[])[] more
    )
    {
        var value = to.Find(Dhcp6Option.NonTemporary)!.AsSpan(0, 4).ToArray().ToList();
        Add(times.T1);
        Add(times.T2);
        value.AddRange([0, 5, 0, 24]);
        var bytes = new byte[16];
        IPAddr.Parse(address).WriteBytes(bytes);
        value.AddRange(bytes);
        Add(times.Preferred);
        Add(times.Valid);
        return Bare(to, type, [(Dhcp6Option.NonTemporary, [.. value]), .. more]);

        void Add(uint number) => value.AddRange([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]);
    }

    /// <summary>An answer whose association has a status alone.</summary>
    public static Dhcp6Message Refuse(Dhcp6Message to, Dhcp6Type type, Dhcp6Status status) =>
        Bare(
            to,
            type,
            [
                (
                    Dhcp6Option.NonTemporary,
                    [.. to.Find(Dhcp6Option.NonTemporary)!.AsSpan(0, 4), 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 4, 0, (byte)status, .. "no"u8]
                ),
            ]
        );

    /// <summary>An answer with options beside the identifiers.</summary>
    public static Dhcp6Message Bare(Dhcp6Message to, Dhcp6Type type, params (ushort, byte[])[] options) =>
        new()
        {
            Type = type,
            Xid = to.Xid,
            Options = [(Dhcp6Option.ClientIdentifier, to.Client!), (Dhcp6Option.ServerIdentifier, First), .. options],
        };

    /// <summary>The same by another server.</summary>
    public static Dhcp6Message By(byte[] server, Dhcp6Message message) =>
        message with
        {
            Options = [message.Options[0], (Dhcp6Option.ServerIdentifier, server), .. message.Options.Skip(2)],
        };

    public void Dispose()
    {
        ends = true;
        thread.Join();
        socket.Dispose();
    }
}
