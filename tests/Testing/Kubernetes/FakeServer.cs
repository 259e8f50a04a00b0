using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Plugboard.Testing.Kubernetes;

/// <summary>A small HTTP/1.1 server on this machine's loopback, with TLS or without, that says what it was asked.</summary>
public sealed class FakeServer : IDisposable
{
    private static readonly TimeSpan longest = TimeSpan.FromSeconds(60);

    private readonly TcpListener listener;
    private readonly Func<FakeRequest, FakeAnswer> answer;
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentQueue<FakeRequest> requests = new();
    private readonly SemaphoreSlim asked = new(0);

    private FakeServer(TcpListener listener, Func<FakeRequest, FakeAnswer> answer)
    {
        this.listener = listener;
        this.answer = answer;
    }

    /// <summary>What is shown in TLS; null: no TLS.</summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>Where it is, by its address.</summary>
    public Uri Address => new($"{(Certificate is null ? "http" : "https")}://127.0.0.1:{Port}");

    /// <summary>Its port.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>All that was asked so far.</summary>
    public IReadOnlyList<FakeRequest> Requests => [.. requests];

    /// <summary>Listens at once.</summary>
    public static FakeServer Start(Func<FakeRequest, FakeAnswer> answer, X509Certificate2? certificate = null)
    {
#pragma warning disable RS0030 // Nothing is parsed.
        var server = new FakeServer(new TcpListener(IPAddress.Loopback, 0), answer) { Certificate = certificate };
#pragma warning restore RS0030
        server.listener.Start();
        _ = server.AcceptAsync();
        return server;
    }

    /// <summary>Waits until something was asked that is like that, and has been asked so often.</summary>
    public async Task<FakeRequest> WaitForAsync(Func<FakeRequest, bool> like, int times = 1)
    {
        using var limit = new CancellationTokenSource(longest);
        while (true)
        {
            var found = requests.Where(like).Skip(times - 1).FirstOrDefault();
            if (found is not null)
                return found;
            try
            {
                await asked.WaitAsync(TimeSpan.FromMilliseconds(50), limit.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException(
                    $"it was not asked; it was asked: {string.Join("; ", requests.Select(request => $"{request.Method} {request.Path}"))}",
                    e
                );
            }
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptTcpClientAsync(ending.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It ends.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var stream = await SecureAsync(client.GetStream());
                while (await ReadAsync(stream) is { } request)
                {
                    var answered = answer(request);
                    requests.Enqueue(request);
                    asked.Release();
                    if (!await WriteAsync(stream, answered))
                        return;
                }
            }
            catch (Exception e)
                when (e
                        is IOException
                            or OperationCanceledException
                            or SocketException
                            or ObjectDisposedException
                            or System.Security.Authentication.AuthenticationException
                )
            {
                // The other side ended it, or this one does.
            }
        }
    }

    private async Task<Stream> SecureAsync(NetworkStream stream)
    {
        if (Certificate is null)
            return stream;
        var secure = new SslStream(stream);
        await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificate }, ending.Token);
        return secure;
    }

    private async Task<FakeRequest?> ReadAsync(Stream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!EndsHead(head))
        {
            if (await stream.ReadAsync(one, ending.Token) == 0)
                return null;
            head.Add(one[0]);
        }

        var lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var words = lines[0].Split(' ');
        var headers = lines
            .Skip(1)
            .Select(line => line.Split(':', 2))
            .ToDictionary(parts => parts[0], parts => parts[1].Trim(), StringComparer.OrdinalIgnoreCase);
        var body = new byte[headers.TryGetValue("Content-Length", out var length) ? int.Parse(length, CultureInfo.InvariantCulture) : 0];
        await stream.ReadExactlyAsync(body, ending.Token);
        var target = words[1].Split('?', 2);
        var query =
            target.Length < 2
                ? []
                : target[1]
                    .Split('&')
                    .Select(part => part.Split('=', 2))
                    .ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[^1]), StringComparer.Ordinal);
        return new FakeRequest(words[0], target[0], query, headers, Encoding.UTF8.GetString(body));
    }

    private static bool EndsHead(List<byte> head) => head is [.., (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'];

    // False where the connection ends with it.
    private async Task<bool> WriteAsync(Stream stream, FakeAnswer answered)
    {
        if (answered.Status == 0)
        {
            await answered.Stream!(stream, ending.Token);
            return false;
        }

        var body = Encoding.UTF8.GetBytes(answered.Body);
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {answered.Status} Status\r\nContent-Type: application/json\r\n");
        foreach (var line in answered.Headers)
            head.Append(line).Append("\r\n");
        head.Append(
            answered.Stream is null
                ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n")
                : "Connection: close\r\n\r\n"
        );
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.ToString()), ending.Token);
        if (answered.Stream is not null)
        {
            await answered.Stream(stream, ending.Token);
            return false;
        }

        await stream.WriteAsync(body, ending.Token);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Who connects again at once, because its connection ended, is refused.
        listener.Stop();
        ending.Cancel();
    }
}
