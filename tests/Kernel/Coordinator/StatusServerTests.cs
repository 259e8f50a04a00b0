using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cli;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>What is answered of the engine's health, and where.</summary>
public sealed class StatusServerTests
{
    [KernelTheory]
    [InlineData("0.0.0.0", "127.0.0.1", true)]
    [InlineData("0.0.0.0", "[::1]", false)]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("::", "127.0.0.1", true)]
    [InlineData("::", "[::1]", true)]
    [InlineData("::1", "[::1]", true)]
    [InlineData("::1", "127.0.0.1", false)]
    [InlineData("fd00:192::1", "[fd00:192::1]", true)]
    public void It_is_answered_where_it_was_asked_for_in_both_families(string listens, string asked, bool isAnswered)
    {
        using var node = Node();
        node.Tool("ip addr add fd00:192::1/64 dev lo nodad");
        node.WaitUntilLocal("fd00:192::1");
        node.Start();
        using var server = new StatusServer(node.Engine!, TimeProvider.System);
        var port = node.RunBeside(() => server.Start(IPAddr.Parse(listens), 0));

        if (isAnswered)
            Assert.StartsWith("HTTP/1.1 200 OK\r\n", Ask(node, asked, port, "/metrics"), StringComparison.Ordinal);
        else
            Assert.Throws<SocketException>(() => Ask(node, asked, port, "/metrics"));
    }

    [KernelFact]
    public void A_loop_that_hangs_is_not_healthy_and_is_again_when_it_goes_on()
    {
        using var node = Node();
        using var reconciler = new HangingReconciler();
        var clock = new ManualTime();
        node.Options = new EngineOptions { AuditInterval = TimeSpan.FromMinutes(2) };
        node.Change = parts => parts with { Reconcilers = [reconciler], Clock = clock };
        node.Start();
        node.Tell(new ClusterNode { Name = "n1" });
        node.Until(() => reconciler.IsAsked, "it hangs");
        using var server = new StatusServer(node.Engine!, clock);
        var port = node.RunBeside(() => server.Start(IPAddr.Parse("127.0.0.1"), 0));
        Assert.EndsWith("\r\n\r\nok\n", Ask(node, "127.0.0.1", port, "/healthz"), StringComparison.Ordinal);

        clock.Pass(TimeSpan.FromSeconds(181));

        var answer = Ask(node, "127.0.0.1", port, "/healthz");
        Assert.StartsWith("HTTP/1.1 503 ", answer, StringComparison.Ordinal);
        Assert.EndsWith(
            "\r\n\r\nsync loop stuck for 181 seconds, expected a round every 180 at least; restart the coordinator\n",
            answer,
            StringComparison.Ordinal
        );
        reconciler.GoOn();
        node.Until(
            () => Ask(node, "127.0.0.1", port, "/healthz").StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal),
            "it is healthy again"
        );
    }

    [KernelTheory]
    [InlineData("POST /healthz HTTP/1.1\r\n\r\n", 405)]
    [InlineData("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404)]
    [InlineData("rubbish\r\n\r\n", 400)]
    [InlineData("HEAD /healthz?verbose HTTP/1.0\r\n\r\n", 200)]
    public void An_invalid_request_gets_an_error(string request, int code)
    {
        using var node = Node();
        node.Start();
        using var server = new StatusServer(node.Engine!, TimeProvider.System);
        var port = node.RunBeside(() => server.Start(IPAddr.Parse("127.0.0.1"), 0));

        Assert.StartsWith($"HTTP/1.1 {code} ", Send(node, "127.0.0.1", port, request), StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_probe_is_answered_at_once_while_others_hold_all_connections()
    {
        using var node = Node();
        node.Start();
        using var server = new StatusServer(node.Engine!, TimeProvider.System);
        var port = node.RunBeside(() => server.Start(IPAddr.Parse("127.0.0.1"), 0));
        var idle = new List<Socket>();
        // Silent ones, ones that send a little, and ones that ask and do not read.
        foreach (
            var said in Enumerable
                .Repeat((string[])["", "GET /healthz HT", "GET /metrics HTTP/1.1\r\n\r\n"], 200)
                .SelectMany(static kinds => kinds)
        )
        {
            idle.Add(Connect(node, "127.0.0.1", port));
            idle[^1].Send(Encoding.ASCII.GetBytes(said));
        }

        var began = TimeProvider.System.GetTimestamp();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", Ask(node, "127.0.0.1", port, "/healthz"), StringComparison.Ordinal);

        // Far less than it takes for any of them to be cut off for its silence.
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0, 1.5);
        foreach (var socket in idle)
            socket.Dispose();
    }

    [KernelFact]
    public void Who_asks_nothing_is_cut_off_soon()
    {
        using var node = Node();
        node.Start();
        using var server = new StatusServer(node.Engine!, TimeProvider.System);
        var port = node.RunBeside(() => server.Start(IPAddr.Parse("127.0.0.1"), 0));
        using var slow = Connect(node, "127.0.0.1", port);
        slow.Send("GET /healthz HTTP/1.1\r\nX: "u8);
        Assert.True(IsClosed(slow));
    }

    [KernelTheory]
    [InlineData("GET /healthz HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n", 200)]
    [InlineData("POST /healthz HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 405)]
    [InlineData("GET /healthz HTTP/1.0\n\n", 200)]
    [InlineData("GET /healthz HTTP/1.1\r\nX: [8000]\r\n\r\n", 200)]
    [InlineData("GET /healthz HTTP/1.1\r\nX: [9000]\r\n\r\n", 431)]
    [InlineData("GET /healthz HTTP/1.1\r\nX: [60000]\r\n\r\n", 431)]
    public void One_request_is_answered_whatever_comes_with_it(string request, int code)
    {
        using var node = Node();
        node.Start();
        using var server = new StatusServer(node.Engine!, TimeProvider.System);
        var port = node.RunBeside(() => server.Start(IPAddr.Parse("127.0.0.1"), 0));
        foreach (var length in (int[])[8000, 9000, 60000])
            request = request.Replace($"[{length}]", new string('a', length), StringComparison.Ordinal);
        var answer = Send(node, "127.0.0.1", port, request);
        Assert.StartsWith($"HTTP/1.1 {code} ", answer, StringComparison.Ordinal);
        Assert.Single(answer.Split("HTTP/1.1 "), static part => part.Length > 0);
    }

    [KernelFact]
    public void A_port_that_is_in_use_is_taken_once_it_is_free()
    {
        using var node = Node();
        node.Start();
        using var first = new StatusServer(node.Engine!, TimeProvider.System);
        var port = node.RunBeside(() => first.Start(IPAddr.Parse("127.0.0.1"), 0));
        using var second = new StatusServer(node.Engine!, TimeProvider.System);
        Assert.Equal(
            SocketError.AddressAlreadyInUse,
            Assert.Throws<SocketException>(() => node.RunBeside(() => second.Start(IPAddr.Parse("127.0.0.1"), port))).SocketErrorCode
        );
        using var free = new ManualResetEventSlim();
        second.StartLater(() => node.RunBeside(() => second.Start(IPAddr.Parse("127.0.0.1"), port)), _ => free.Set());

        first.Dispose();

        Assert.True(free.Wait(TimeSpan.FromSeconds(20)));
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", Ask(node, "127.0.0.1", port, "/healthz"), StringComparison.Ordinal);
    }

    private static bool IsClosed(Socket socket)
    {
        try
        {
            return socket.Receive(new byte[16]) == 0;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }

    private static Socket Connect(CoordinatedNode node, string host, int port)
    {
        var to = IPEndPoint.Parse(string.Create(CultureInfo.InvariantCulture, $"{host}:{port}"));
        var socket = node.RunBeside(() => new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        socket.ReceiveTimeout = 10_000;
        socket.Connect(to);
        return socket;
    }

    private static CoordinatedNode Node() =>
        new(
            "n1",
            new NetConf
            {
                Network = IPPrefix.Parse("10.244.0.0/16"),
                Backend = new BackendConf { Type = BackendType.HostGw },
            }
        );

    private static string Ask(CoordinatedNode node, string host, int port, string path) =>
        Send(node, host, port, $"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");

    private static string Send(CoordinatedNode node, string host, int port, string request)
    {
        using var socket = Connect(node, host, port);
        socket.Send(Encoding.ASCII.GetBytes(request));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        for (int count; (count = socket.Receive(buffer)) > 0; )
            answer.Append(Encoding.UTF8.GetString(buffer, 0, count));
        return answer.ToString();
    }

    private sealed class HangingReconciler : IReconciler, IDisposable
    {
        private readonly ManualResetEventSlim goOn = new();
        private volatile bool isAsked;

        public string Name => "hanging";

        public bool IsAsked => isAsked;

        public void GoOn() => goOn.Set();

        public SyncOutcome Plan(ClusterView view) => SyncOutcome.Steady;

        public SyncOutcome Sync(ClusterView view, SyncCause cause)
        {
            isAsked = true;
            goOn.Wait(TimeSpan.FromSeconds(20));
            return SyncOutcome.Steady;
        }

        public SyncOutcome Remove(bool isDryRun) => SyncOutcome.Steady;

        public void Dispose()
        {
            goOn.Set();
            goOn.Dispose();
        }
    }
}
