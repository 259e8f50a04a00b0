using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Engine;

namespace Plugboard.Coordinator.Cli;

/// <summary>
/// Answers <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c>: a request and an answer for each connection, HTTP/1.1. Who connects may be
/// anybody on the node: connections and bytes are bounded, whoever is slow is cut off, and where there are too many the oldest one that has
/// not asked goes, so that a probe is answered all the same.
/// </summary>
/// <param name="engine">Whose state it tells.</param>
/// <param name="clock">The clock.</param>
internal sealed class StatusServer(CoordinatorEngine engine, TimeProvider clock) : IDisposable
{
    private const int MostAtOnce = 256;
    private const int Backlog = 1024;
    private const string Plain = "text/plain; charset=utf-8";

    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan untilTriedAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan metricsAge = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource ending = new();
    private readonly Lock changing = new();
    private readonly LinkedList<StatusConnection> connections = [];
    private (long At, string Text)? metrics;
    private Socket? listener;

    /// <summary>Starts to answer; each request on a thread of the pool.</summary>
    /// <param name="address">An address of this node, <c>0.0.0.0</c> for all of IPv4, or <c>::</c> for all.</param>
    /// <param name="port">1 to 65,535; 0: one that is free.</param>
    /// <returns>The port.</returns>
    /// <exception cref="SocketException">The port is taken, the address is not this node's, or there is no IPv6.</exception>
    public int Start(IPAddr address, int port)
    {
        var opened = new Socket(
            address.Is6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork,
            SocketType.Stream,
            ProtocolType.Tcp
        );
        try
        {
            if (address.Is6)
                opened.DualMode = address.IsUnspecified;
            var host = address.Is6 ? $"[{address}]" : address.ToString();
            opened.Bind(IPEndPoint.Parse(string.Create(CultureInfo.InvariantCulture, $"{host}:{port}")));
            opened.Listen(Backlog);
        }
        catch
        {
            opened.Dispose();
            throw;
        }

        listener = opened;
        _ = Task.Run(() => AcceptAsync(opened));
        return ((IPEndPoint)opened.LocalEndPoint!).Port;
    }

    /// <summary>Starts to answer once the port is free: whoever has it must not keep the coordinator from its work.</summary>
    /// <param name="start">Calls <see cref="Start"/>, in the network namespace that it is for.</param>
    /// <param name="log">Gets a line once it is.</param>
    public void StartLater(Action start, Action<string> log) =>
        _ = Task.Run(async () =>
        {
            while (!ending.IsCancellationRequested)
            {
                await Task.Delay(untilTriedAgain, clock, CancellationToken.None).ConfigureAwait(false);
                try
                {
                    start();
                    log("the port for /healthz is free now: it is answered");
                    return;
                }
                catch (SocketException)
                {
                    // It still is not.
                }
            }
        });

    private async Task AcceptAsync(Socket from)
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(Admit(await from.AcceptAsync(ending.Token).ConfigureAwait(false)));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // Whoever asked is gone, or no more files can be opened now.
                await Task.Delay(pause, clock, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private StatusConnection Admit(Socket socket)
    {
        var connection = new StatusConnection(socket, ending.Token);
        StatusConnection? leaving = null;
        lock (changing)
        {
            if (connections.Count >= MostAtOnce)
            {
                leaving = connections.FirstOrDefault(static waiting => waiting.IsIdle) ?? connections.First!.Value;
                connections.Remove(leaving);
            }

            connections.AddLast(connection);
        }

        leaving?.End();
        return connection;
    }

    private async Task ServeAsync(StatusConnection connection)
    {
        using (connection)
        {
            await connection.ServeAsync(Answer).ConfigureAwait(false);
            lock (changing)
                connections.Remove(connection);
        }
    }

    private byte[] Answer(string? request)
    {
        var words = request?.Split('\n')[0].TrimEnd('\r').Split(' ');
        var (code, text, type) = words switch
        {
            null => (431, "the request's headers are too long\n", Plain),
            ["GET" or "HEAD", var target, "HTTP/1.1" or "HTTP/1.0"] => Find(target.Split('?')[0]),
            [_, _, "HTTP/1.1" or "HTTP/1.0"] => (405, "GET only\n", Plain),
            _ => (400, "no request of HTTP/1.1\n", Plain),
        };
        var body = Encoding.UTF8.GetBytes(text);
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {code} {ReasonOf(code)}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"
        );
        return words is ["HEAD", ..] ? Encoding.ASCII.GetBytes(head) : [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    private (int Code, string Text, string Type) Find(string path) =>
        path switch
        {
            "/healthz" => OkUnless(engine.FindStall()),
            "/readyz" => OkUnless(engine.FindStall() ?? engine.Status.FirstNotReadyReason),
            "/metrics" => (200, Metrics(), "text/plain; version=0.0.4"),
            _ => (404, "there are /healthz, /readyz and /metrics\n", Plain),
        };

    // Whoever asks a thousand times a second must not keep a processor busy with it.
    private string Metrics()
    {
        lock (changing)
        {
            if (metrics is { } known && clock.GetElapsedTime(known.At) < metricsAge)
                return known.Text;
            metrics = (clock.GetTimestamp(), MetricsText.Render(engine.Status, clock.GetUtcNow()));
            return metrics.Value.Text;
        }
    }

    private static (int Code, string Text, string Type) OkUnless(string? notReady) =>
        notReady is null ? (200, "ok\n", Plain) : (503, notReady + "\n", Plain);

    private static string ReasonOf(int code) =>
        code switch
        {
            200 => "OK",
            400 => "Bad Request",
            404 => "Not Found",
            405 => "Method Not Allowed",
            431 => "Request Header Fields Too Large",
            _ => "Service Unavailable",
        };

    /// <inheritdoc/>
    public void Dispose()
    {
        ending.Cancel();
        listener?.Dispose();
    }
}
