using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Linux.Names;

/// <summary>
/// Name servers in a namespace of their own, on addresses of its loopback; each answers by a rule and keeps what it was asked: <c>10 A</c>
/// is the server's last byte and the type.
/// </summary>
internal sealed class NameServers : IDisposable
{
    private readonly TestNamespace network = new();
    private readonly List<Socket> sockets = [];

    public NameServers() => network.Tool("ip link set lo up");

    public ConcurrentQueue<string> Asked { get; } = [];

    public T Run<T>(Func<T> inside) => network.Run(inside);

    public void Tool(string command) => network.Tool(command);

    /// <summary>A server at 127.0.0.N, or at an address.</summary>
    /// <param name="at">The last byte, or the whole address.</param>
    /// <param name="answer">Makes the answers to a question for IPv6 addresses (true) or for IPv4 ones: each is a datagram.</param>
    public void Add(string at, Func<Question, IEnumerable<byte[]>> answer)
    {
        var address = IPEndPoint.Parse(at.Contains(':', StringComparison.Ordinal) ? $"[{at}]:53" : $"127.0.0.{at}:53");
        var socket = network.Run(() => new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        sockets.Add(socket);
        socket.Bind(address);
        _ = Task.Run(async () =>
        {
            var buffer = new byte[4096];
            while (true)
            {
                var received = await socket.ReceiveFromAsync(buffer, address);
                var question = new Question(buffer[..received.ReceivedBytes]);
                Asked.Enqueue($"{at} {question.Type}");
                foreach (var message in answer(question))
                    await socket.SendToAsync(message, received.RemoteEndPoint);
            }
        });
    }

    /// <summary>The same by TCP; null closes the connection.</summary>
    public void AddTcp(string at, Func<Question, byte[]?> answer)
    {
        var listener = network.Run(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        sockets.Add(listener);
        listener.Bind(IPEndPoint.Parse($"127.0.0.{at}:53"));
        listener.Listen();
        _ = Task.Run(async () =>
        {
            while (true)
            {
                using var connection = await listener.AcceptAsync();
                var buffer = new byte[4096];
                var count = await connection.ReceiveAsync(buffer);
                var question = new Question(buffer[2..count]);
                Asked.Enqueue($"{at} {question.Type} tcp");
                if (answer(question) is not { } message)
                    continue;
                var length = new byte[2];
                BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)message.Length);
                // In pieces, as a stream may come.
                await connection.SendAsync(length.AsMemory(0, 1));
                await connection.SendAsync((byte[])[length[1], .. message]);
            }
        });
    }

    public void Dispose()
    {
        foreach (var socket in sockets)
            socket.Dispose();
        network.Dispose();
    }

    /// <summary>A question as it arrived, and answers to it.</summary>
    internal sealed record Question(byte[] Bytes)
    {
        public string Type => Bytes[^3] == 28 ? "AAAA" : "A";

        /// <summary>
        /// An answer with a code and addresses of its type; more of one record than fits is <paramref name="flags"/> 0x83.
        /// </summary>
        public byte[] Reply(int code = 0, byte flags = 0x81, params string[] addresses)
        {
            var reply = new List<byte>(Bytes);
            (reply[2], reply[3], reply[7]) = (flags, (byte)(0x80 | code), (byte)addresses.Length);
            foreach (var address in addresses)
            {
                var bytes = Plugboard.Addresses.IPAddr.Parse(address);
                var raw = new byte[bytes.ByteCount];
                bytes.WriteBytes(raw);
                reply.AddRange([0xc0, 12, 0, (byte)(bytes.Is6 ? 28 : 1), 0, 1, 0, 0, 0, 60, 0, (byte)raw.Length, .. raw]);
            }

            return [.. reply];
        }

        /// <summary>As a server that knows one address of each family, or of IPv4 alone.</summary>
        public IEnumerable<byte[]> Known(string address, string? address6 = null) =>
            [
                Type == "A" ? Reply(addresses: address)
                : address6 is null ? Reply()
                : Reply(addresses: address6),
            ];
    }
}
