using System.Net;
using System.Net.Sockets;
using System.Text;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Sources;
using Plugboard.Coordinator.Sources.Etcd;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Etcd;

/// <summary>Servers that answer, but not as etcd does.</summary>
public sealed class EtcdLiesTests : IDisposable
{
    private readonly TestNamespace network = new();
    private readonly Socket listener;

    public EtcdLiesTests()
    {
        network.Tool("ip link set lo up");
        // One for all: bound again and again, the address is now and then still in use by a child process that is about to start.
        listener = NewSocket();
#pragma warning disable RS0030 // Nothing is parsed.
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 2379));
#pragma warning restore RS0030
        listener.Listen();
    }

    public void Dispose()
    {
        listener.Dispose();
        network.Dispose();
    }

    [KernelFact]
    public async Task A_server_that_does_not_answer_is_named_while_it_is_waited_for()
    {
        using var stop = new CancellationTokenSource();
        var store = new NodeStore(static () => { });
        var options = new EtcdOptions
        {
            NodeName = "one",
            RequestTime = TimeSpan.FromMinutes(1),
            SlowTime = TimeSpan.FromMilliseconds(300),
            Endpoints = [new Uri("http://127.0.0.1:2380"), new Uri("http://127.0.0.1:2379")],
        };
        var source = new EtcdSource(options, TimeProvider.System, static _ => { }, new HttpConnections(_ => NewSocket()));
        var running = source.RunAsync(store, stop.Token);
        using var connection = await listener.AcceptAsync();
        Eventually.True(() => store.Current.Fault is not null, static () => "nothing is reported");
        Assert.Matches(
            "^etcd: http://127.0.0.1:2379 is tried since [0-9:]{8} UTC and has not answered yet; before it http://127.0.0.1:2380: ",
            store.Current.Fault
        );
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private Socket NewSocket() => network.Run(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));

    // Answers every connection's first request so.
    private async Task<string> AskAsync(string answer, Func<EtcdClient, Task> ask, string scheme = "http", int seconds = 2)
    {
        var serving = ServeAsync(answer);
        var options = new EtcdOptions
        {
            NodeName = "one",
            RequestTime = TimeSpan.FromSeconds(seconds),
            Endpoints = [new Uri($"{scheme}://127.0.0.1:2379")],
        };
        EtcdException failure;
        using (var client = EtcdClient.Open(options, new HttpConnections(_ => NewSocket())))
            failure = await Assert.ThrowsAsync<EtcdException>(() => ask(client));
        await serving.WaitAsync(TimeSpan.FromSeconds(20));
        return failure.Message;
    }

    private async Task ServeAsync(string answer)
    {
        using var connection = await listener.AcceptAsync();
        await connection.ReceiveAsync(new byte[4096]);
        try
        {
            await connection.SendAsync(Encoding.UTF8.GetBytes(answer));
            if (answer.Contains("chunked", StringComparison.Ordinal))
                await ServeEndlesslyAsync(connection);
            // Until the other side has had enough.
            await connection.ReceiveAsync(new byte[4096]);
        }
        catch (SocketException)
        {
            // It had.
        }
    }

    private static async Task ServeEndlesslyAsync(Socket connection)
    {
        var chunk = Encoding.UTF8.GetBytes($"100000\r\n{new string(' ', 0x100000)}\r\n");
        for (var i = 0; i < 2048; i++)
            await connection.SendAsync(chunk);
    }

    private static string Ok(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    [KernelFact]
    public async Task An_invalid_answer_is_reported()
    {
        foreach (var body in (string[])["x", "", "[", "\u0000"])
            Assert.Equal(
                "unexpected response from etcd: invalid JSON",
                await AskAsync(Ok(body), client => client.ListAsync("/a/", default))
            );
        foreach (
            var body in (string[])
                [
                    "[]",
                    "7",
                    """{"kvs":7}""",
                    """{"kvs":[7]}""",
                    """{"kvs":[{}]}""",
                    """{"kvs":[{"key":"!"}]}""",
                    """{"kvs":[{"key":"YQ==","lease":"x"}]}""",
                    """{"header":{"revision":"99999999999999999999"}}""",
                ]
        )
            Assert.Equal(
                "unexpected response from etcd: it does not fit the request",
                await AskAsync(Ok(body), client => client.ListAsync("/a/", default))
            );
    }

    [KernelFact]
    public async Task What_is_no_etcd_is_reported_by_its_status()
    {
        const string Html = "HTTP/1.1 503 Sorry\r\nContent-Length: 6\r\n\r\n<html>";
        Assert.Equal("http://127.0.0.1:2379: HTTP status 503", await AskAsync(Html, client => client.ListAsync("/a/", default)));
        const string Moved = "HTTP/1.1 307 Elsewhere\r\nLocation: http://root:secret@192.0.2.1:2379/x\r\nContent-Length: 0\r\n\r\n";
        Assert.Equal(
            "http://127.0.0.1:2379: HTTP status 307: it redirects to http://192.0.2.1:2379, which is not followed; configure that server",
            await AskAsync(Moved, client => client.ListAsync("/a/", default))
        );
        const string Tls = "HTTP/1.0 400 Bad Request\r\nContent-Length: 49\r\n\r\nClient sent an HTTP request to an HTTPS server.\n\n";
        Assert.Equal(
            "http://127.0.0.1:2379: HTTP status 400: Client sent an HTTP request to an HTTPS server.",
            await AskAsync(Tls, client => client.ListAsync("/a/", default))
        );
        const string Plain = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n400 Bad Request";
        Assert.StartsWith(
            "https://127.0.0.1:2379: it does not speak TLS; is it http:// instead of https://? (",
            await AskAsync(Plain, client => client.ListAsync("/a/", default), "https"),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "http://127.0.0.1:2379: ",
            await AskAsync("SSH-2.0-OpenSSH_9\r\n", client => client.ListAsync("/a/", default)),
            StringComparison.Ordinal
        );
    }

    [KernelFact]
    public async Task What_does_not_end_is_broken_off()
    {
        const string Endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        Assert.Contains(
            "33554432",
            await AskAsync(Endless, client => client.ListAsync("/a/", default), seconds: 20),
            StringComparison.Ordinal
        );
        Assert.Equal("a message of the watch has more than 33554432 bytes", await AskAsync(Endless, WatchAsync));
        Assert.Equal(
            "http://127.0.0.1:2379 did not answer within 2 seconds",
            await AskAsync("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", client => client.ListAsync("/a/", default))
        );
    }

    [KernelFact]
    public async Task A_watch_that_tells_something_else_ends()
    {
        Assert.Equal("etcd ended the watch: no", await AskAsync(Ok("{\"error\":{\"message\":\"no\"}}\n"), WatchAsync));
        Assert.Equal(
            "etcd ended the watch: etcdserver: no leader",
            await AskAsync(Ok("{\"result\":{\"canceled\":true,\"cancel_reason\":\"etcdserver: no leader\"}}\n"), WatchAsync)
        );
        Assert.Equal(
            "unexpected response from etcd: it does not fit the request",
            await AskAsync(Ok("{\"result\":{\"events\":[{}]}}\n"), WatchAsync)
        );
        Assert.Equal("unexpected response from etcd: invalid JSON", await AskAsync(Ok("x\n"), WatchAsync));
    }

    // As etcd's gateway answers a question whose answers would be a stream.
    [KernelFact]
    public async Task A_refusal_in_a_stream_s_form_is_reported_in_its_words()
    {
        const string Refusal = """
            {"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader","http_status":"Service Unavailable"}}
            """;
        var answer = $"HTTP/1.1 503 Service Unavailable\r\nContent-Length: {Refusal.Length}\r\n\r\n{Refusal}";
        Assert.Equal("http://127.0.0.1:2379: etcdserver: no leader", await AskAsync(answer, client => client.KeepAliveAsync(1, default)));
        Assert.Equal(
            "unexpected response from etcd: it does not fit the request",
            await AskAsync(Ok("{}"), client => client.KeepAliveAsync(1, default))
        );
    }

    private static async Task WatchAsync(EtcdClient client)
    {
        await foreach (var changes in client.WatchAsync("/a/", 1, default))
            Assert.Empty(changes.Entries);
    }
}
