using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Policy;

namespace Plugboard.Coordinator.Cli;

/// <summary>
/// Answers <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c>: one request per connection, HTTP/1.1. Any process on the node may connect:
/// connections and bytes are bounded, slow clients are cut off, and if there are too many connections the oldest one without a request is
/// closed, so that a probe still gets its answer.
/// </summary>
/// <param name="engine">The engine to report on.</param>
/// <param name="clock">The clock.</param>
/// <param name="policy">What the reconciler of policies did; null, or of null: no policy is enforced.</param>
internal sealed class StatusServer(CoordinatorEngine engine, TimeProvider clock, Func<PolicyState?>? policy = null) : IDisposable
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

    /// <summary>Starts to answer when the port is free: a process that holds the port must not stop the coordinator.</summary>
    /// <param name="start">Calls <see cref="Start"/>, in the network namespace of the server.</param>
    /// <param name="log">Gets a line when the server answers.</param>
    public void StartLater(Action start, Action<string> log) =>
        _ = Task.Run(async () =>
        {
            while (!ending.IsCancellationRequested)
            {
                await Task.Delay(untilTriedAgain, clock, CancellationToken.None).ConfigureAwait(false);
                try
                {
                    start();
                    log("the port of /healthz is free now: listening");
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
                // The client is gone, or no more files can be opened now.
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
            _ => (400, "not an HTTP/1.1 request\n", Plain),
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
            _ => (404, "not found; available: /healthz, /readyz and /metrics\n", Plain),
        };

    // A client that sends a thousand requests per second must not occupy a processor.
    private string Metrics()
    {
        lock (changing)
        {
            if (metrics is { } known && clock.GetElapsedTime(known.At) < metricsAge)
                return known.Text;
            metrics = (clock.GetTimestamp(), MetricsText.Render(engine.Status, clock, policy?.Invoke()));
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
