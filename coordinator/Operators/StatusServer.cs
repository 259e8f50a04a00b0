using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Engine;

namespace Plugboard.Coordinator.Operators;

/// <summary>
/// Answers <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c>: a request and an answer for each connection, HTTP/1.1. .NET's own listener knows no <c>::</c>, and this one
/// waits for nobody longer than a few seconds.
/// </summary>
/// <param name="engine">Whose state it tells.</param>
/// <param name="clock">The clock.</param>
internal sealed class StatusServer(CoordinatorEngine engine, TimeProvider clock) : IDisposable
{
    private const int MostAtOnce = 32;
    private const int MostBytes = 8 * 1024;
    private const string Plain = "text/plain; charset=utf-8";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource ending = new();
    private readonly SemaphoreSlim places = new(MostAtOnce);
    private Socket? listener;

    /// <summary>Starts to answer; each request on a thread of the pool.</summary>
    /// <param name="address">An address of this node, <c>0.0.0.0</c> for all of IPv4, or <c>::</c> for all.</param>
    /// <param name="port">1 to 65,535; 0: one that is free.</param>
    /// <returns>The port.</returns>
    /// <exception cref="SocketException">The port is taken, the address is not this node's, or there is no IPv6.</exception>
    public int Start(IPAddr address, int port)
    {
        listener = new Socket(address.Is6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (address.Is6)
            listener.DualMode = address.IsUnspecified;
        var host = address.Is6 ? $"[{address}]" : address.ToString();
        listener.Bind(IPEndPoint.Parse(string.Create(CultureInfo.InvariantCulture, $"{host}:{port}")));
        listener.Listen(MostAtOnce);
        _ = Task.Run(() => AcceptAsync(listener));
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    private async Task AcceptAsync(Socket from)
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await places.WaitAsync(ending.Token).ConfigureAwait(false);
                _ = ServeAsync(await from.AcceptAsync(ending.Token).ConfigureAwait(false));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // Whoever asked is gone, or no more files can be opened now.
                places.Release();
                await Task.Delay(Pause, clock, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        using var closing = connection;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
            limit.CancelAfter(Patience);
            var request = await ReadAsync(connection, limit.Token).ConfigureAwait(false);
            var answer = Answer(request);
            for (var sent = 0; sent < answer.Length;)
                sent += await connection.SendAsync(answer.AsMemory(sent), limit.Token).ConfigureAwait(false);
            connection.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Whoever asked is gone or too slow, or the server ends.
        }
        finally
        {
            places.Release();
        }
    }

    // The first line and the headers, or what there is of them.
    private static async Task<string> ReadAsync(Socket connection, CancellationToken cancellation)
    {
        var buffer = new byte[MostBytes];
        var length = 0;
        while (length < buffer.Length && !buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
        {
            var count = await connection.ReceiveAsync(buffer.AsMemory(length), cancellation).ConfigureAwait(false);
            if (count == 0)
                break;
            length += count;
        }

        return Encoding.ASCII.GetString(buffer, 0, length);
    }

    private byte[] Answer(string request)
    {
        var words = request.Split("\r\n")[0].Split(' ');
        var (code, text, type) = words switch
        {
            ["GET" or "HEAD", var target, "HTTP/1.1" or "HTTP/1.0"] => Find(target.Split('?')[0]),
            [_, _, "HTTP/1.1" or "HTTP/1.0"] => (405, "GET only\n", Plain),
            _ => (400, "no request of HTTP/1.1\n", Plain),
        };
        var body = Encoding.UTF8.GetBytes(text);
        var head = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {code} {ReasonOf(code)}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");
        return words[0] == "HEAD" ? Encoding.ASCII.GetBytes(head) : [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    private (int Code, string Text, string Type) Find(string path) => path switch
    {
        "/healthz" => OkUnless(engine.FindStall()),
        "/readyz" => OkUnless(engine.FindStall() ?? engine.Status.FirstLack),
        "/metrics" => (200, MetricsText.Render(engine.Status, clock.GetUtcNow()), "text/plain; version=0.0.4"),
        _ => (404, "there are /healthz, /readyz and /metrics\n", Plain),
    };

    private static (int Code, string Text, string Type) OkUnless(string? lack) => lack is null ? (200, "ok\n", Plain) : (503, lack + "\n", Plain);

    private static string ReasonOf(int code) => code switch
    {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        _ => "Service Unavailable",
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        ending.Cancel();
        listener?.Dispose();
    }
}
