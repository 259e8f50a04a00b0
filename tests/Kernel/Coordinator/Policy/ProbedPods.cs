using System.Net;
using System.Net.Sockets;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Linux;
using Plugboard.Testing;
using static Tmds.Linux.LibC;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>
/// Pods that listen on ports 80 and 81, on whatever nodes they are: packets of every pair are held against what the oracle says.
/// </summary>
internal sealed class ProbedPods : IDisposable
{
    private const int ProtocolSctp = 132;
    private const int MostAttempts = 40;

    private readonly SortedDictionary<string, TestNamespace> pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (IPAddr Four, IPAddr Six)> addresses = new(StringComparer.Ordinal);
    private readonly List<Socket> listeners = [];
    private readonly List<(string Pod, int Port, Socket Socket)> receivers = [];
    private int asked;

    public static IReadOnlyList<int> Ports { get; } = [80, 81];

    public IReadOnlyCollection<string> Names => pods.Keys;

    public IEnumerable<TestNamespace> All => pods.Values;

    public TestNamespace Pod(string name) => pods[name];

    public IPAddr Address(string name, bool is6) => is6 ? addresses[name].Six : addresses[name].Four;

    /// <summary>A pod that listens; the caller gives it its links.</summary>
    public TestNamespace Add(string name, IPAddr four, IPAddr six)
    {
        var pod = new TestNamespace();
        pods.Add(name, pod);
        addresses[name] = (four, six);
        foreach (var port in Ports)
            Listen(name, pod, port);
        return pod;
    }

    private void Listen(string name, TestNamespace pod, int port)
    {
        // The kernel completes connections that no process accepts.
        var tcp = pod.Run(static () => new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true });
        tcp.Bind(IPEndPoint.Parse($"[::]:{port}"));
        tcp.Listen(4096);
        listeners.Add(tcp);
        var udp = pod.Run(static () => new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { DualMode = true });
        udp.Bind(IPEndPoint.Parse($"[::]:{port}"));
        udp.Blocking = false;
        receivers.Add((name, port, udp));
    }

    /// <summary>Holds packets of every pair, port and protocol against the oracle.</summary>
    /// <param name="what">Names the state, for a failure.</param>
    /// <param name="oracle">The oracle.</param>
    /// <param name="describe">The rules, for a failure.</param>
    /// <param name="hasSctp">Send SCTP too.</param>
    public void Holds(string what, PolicyOracle oracle, Func<string> describe, bool hasSctp = true)
    {
        foreach (var is6 in new[] { false, true })
        {
            Compare(what, (is6, 6), (oracle, describe), Connect);
            Compare(what, (is6, 17), (oracle, describe), Send);
        }

        if (hasSctp)
            Compare(what, (false, ProtocolSctp), (oracle, describe), SendSctp);
    }

    private void Compare(
        string what,
        (bool Is6, byte Protocol) kind,
        (PolicyOracle Oracle, Func<string> Describe) expectation,
        Func<bool, HashSet<string>> probe
    )
    {
        var (is6, protocol) = kind;
        var expected = Pairs()
            .Where(pair =>
                expectation
                    .Oracle.Judge(new Connection(Address(pair.From, is6), Address(pair.To, is6), protocol, (ushort)pair.Port))
                    .IsAllowed
            )
            .Select(Name)
            .ToHashSet(StringComparer.Ordinal);
        HashSet<string> seen = [];
        // On a busy machine an allowed packet may take longer than the probe waits.
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var now = probe(is6);
            seen.UnionWith(now);
            // One that passes wrongly fails at once; those that are missing may have been late.
            if (seen.IsSupersetOf(expected))
                break;
        }

        Assert.True(
            seen.SetEquals(expected),
            $"{what}, protocol {protocol}, {(is6 ? "IPv6" : "IPv4")}: wrongly passed: {string.Join(", ", seen.Except(expected).Take(10))}; "
                + $"wrongly refused: {string.Join(", ", expected.Except(seen).Take(10))}\n{expectation.Describe()}"
        );
    }

    private IEnumerable<(string From, string To, int Port)> Pairs() =>
        from source in pods.Keys
        from destination in pods.Keys
        where source != destination
        from port in Ports
        select (source, destination, port);

    private static string Name((string From, string To, int Port) pair) => $"{pair.From}->{pair.To}:{pair.Port}";

    private HashSet<string> Connect(bool is6)
    {
        var open = new List<(string Name, Socket Socket, Task Connected)>();
        foreach (var group in Pairs().GroupBy(static pair => pair.From))
        {
            pods[group.Key]
                .Run(() =>
                {
                    foreach (var pair in group)
                    {
                        var socket = new Socket(
                            is6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork,
                            SocketType.Stream,
                            ProtocolType.Tcp
                        );
                        socket.LingerState = new LingerOption(enable: true, 0);
                        open.Add((Name(pair), socket, socket.ConnectAsync(EndOf(pair.To, is6, pair.Port))));
                    }
                });
        }

        // One after another: those that are refused never end by themselves.
        var patience = TimeSpan.FromMilliseconds(150);
        Datagrams.Pause(patience);
        var seen = open.Where(static each => each.Connected.IsCompletedSuccessfully)
            .Select(static each => each.Name)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var (_, socket, connected) in open)
        {
            _ = connected.ContinueWith(static task => task.Exception, TaskScheduler.Default);
            socket.Dispose();
        }

        return seen;
    }

    private IPEndPoint EndOf(string pod, bool is6, int port) =>
        IPEndPoint.Parse(is6 ? $"[{Address(pod, true)}]:{port}" : $"{Address(pod, false)}:{port}");

    private HashSet<string> Send(bool is6)
    {
        var mark = $"{++asked} ";
        foreach (var group in Pairs().GroupBy(static pair => pair.From))
        {
            using var socket = pods[group.Key]
                .Run(() => new Socket(is6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
            foreach (var pair in group)
                TrySend(socket, Encoding.ASCII.GetBytes(mark + Name(pair)), EndOf(pair.To, is6, pair.Port));
        }

        Datagrams.Pause(TimeSpan.FromMilliseconds(50));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (_, _, socket) in receivers)
        {
            var buffer = new byte[200];
            while (socket.Available > 0)
            {
                var text = Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
                if (text.StartsWith(mark, StringComparison.Ordinal))
                    seen.Add(text[mark.Length..]);
            }
        }

        return seen;
    }

    /// <summary>The datagrams that came to a pod's port since the last look.</summary>
    public HashSet<string> Received(string pod, int port)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var socket = receivers.Find(each => each.Pod == pod && each.Port == port).Socket;
        var buffer = new byte[200];
        while (socket.Available > 0)
            found.Add(Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer)));
        return found;
    }

    /// <summary>Sends one datagram to port 80; true if it arrives at once.</summary>
    public bool TrySendOnce(string from, string to)
    {
        var mark = $"{++asked} once";
        using var socket = pods[from].Run(static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        TrySend(socket, Encoding.ASCII.GetBytes(mark), EndOf(to, is6: false, Ports[0]));
        return Received(to, Ports[0]).Contains(mark);
    }

    // An answer to an earlier datagram may be a refusal.
    private static void TrySend(Socket socket, byte[] bytes, EndPoint to)
    {
        try
        {
            socket.SendTo(bytes, to);
        }
        catch (SocketException)
        {
            socket.SendTo(bytes, to);
        }
    }

    // The machine's kernel has no SCTP sockets; its connection tracking knows the protocol.
    private HashSet<string> SendSctp(bool is6)
    {
        var receiving = pods.ToDictionary(static pod => pod.Key, static pod => pod.Value.Run(OpenSctp), StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            foreach (var group in Pairs().GroupBy(static pair => pair.From))
            {
                var source = receiving[group.Key];
                foreach (var pair in group)
                    TrySend(source, SctpPackets.Init((ushort)(++asked % 20_000 + 10_000), (ushort)pair.Port), EndOf(pair.To, is6, 0));
            }

            Datagrams.Pause(TimeSpan.FromMilliseconds(50));
            var buffer = new byte[200];
            foreach (var (name, socket) in receiving)
            {
                while (socket.Available > 0)
                {
                    var length = socket.Receive(buffer);
                    var (from, port) = SctpPackets.Read(buffer.AsSpan(0, length));
                    if (pods.Keys.FirstOrDefault(pod => Address(pod, false) == from) is { } sender)
                        seen.Add(Name((sender, name, port)));
                }
            }
        }
        finally
        {
            foreach (var socket in receiving.Values)
                socket.Dispose();
        }

        return seen;
    }

    // .NET does not know the protocol.
    private static Socket OpenSctp()
    {
        var number = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, ProtocolSctp);
        if (number < 0)
            throw ErrnoException.Last("socket", "SCTP");
        return new Socket(new SafeSocketHandle(number, ownsHandle: true)) { Blocking = false };
    }

    public void Dispose()
    {
        foreach (var listener in listeners.Concat(receivers.Select(static each => each.Socket)))
            listener.Dispose();
        foreach (var pod in pods.Values)
            pod.Dispose();
    }
}
