using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using Plugboard.Coordinator.Sources.Tls;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// Sends requests to the Kubernetes API. Every refusal and every failure is an <see cref="ApiException"/>; replaced tokens and authorities
/// are picked up.
/// </summary>
/// <param name="options">Where it is.</param>
/// <param name="connections">How servers are reached.</param>
/// <param name="variable">The environment.</param>
internal sealed class ApiClient(KubernetesOptions options, HttpConnections connections, Func<string, string?> variable) : IDisposable
{
    private const int MostErrorBytes = 64 * 1024;

    private readonly Lock making = new();
    private ApiAccess? access;
    private HttpClient? http;
    private HttpClient? retired;
    private string fingerprint = "";
    private TlsSide? tls;

    /// <summary>
    /// Returns the response once its head has arrived. An expired token and changed certificate authorities are read again, once.
    /// </summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, ApiBody? body, CancellationToken cancellation)
    {
        try
        {
            return await SendOnceAsync(method, path, body, cancellation).ConfigureAwait(false);
        }
        catch (ApiException e)
            when (e.IsUnauthorized
                || e.InnerException is AuthenticationException
                || e.InnerException?.InnerException is AuthenticationException
            )
        {
            if (!Refresh())
                throw;
        }

        return await SendOnceAsync(method, path, body, cancellation).ConfigureAwait(false);
    }

    /// <summary>The whole answer, which is small.</summary>
    public async Task<byte[]> AskAsync(HttpMethod method, string path, ApiBody? body, CancellationToken cancellation)
    {
        using var response = await SendAsync(method, path, body, cancellation).ConfigureAwait(false);
        return await WithinAsync(token => ReadAsync(response, options.Limits.Object, token), path, cancellation).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, string path, ApiBody? body, CancellationToken cancellation)
    {
        var (client, server, bearer) = Connect();
        // A server behind a balancer may have a path of its own (https://balancer/k8s/clusters/one).
        using var request = new HttpRequestMessage(method, new Uri($"{server.GetLeftPart(UriPartial.Path).TrimEnd('/')}{path}"));
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("plugboard-coordinator", "1"));
        if (bearer is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        if (body is not null)
            request.Content = new ByteArrayContent(body.Json) { Headers = { ContentType = new MediaTypeHeaderValue(body.Type) } };
        return await WithinAsync(token => SendAsync(client, request, token), path, cancellation).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancellation)
    {
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
        {
            var body = await ReadAsync(response, MostErrorBytes, cancellation).ConfigureAwait(false);
            if (response.Headers.Location is { } other && (int)response.StatusCode is >= 300 and < 400)
                throw new ApiException(
                    $"the Kubernetes API at {Server} redirects to "
                        + $"{(other.IsAbsoluteUri ? $"{other.Scheme}://{other.Authority}" : other)}, which is not followed; "
                        + $"configure that server"
                )
                {
                    Status = (int)response.StatusCode,
                };
            throw ApiStatus
                .Read(body)
                .ToException(
                    $"{request.Method} {request.RequestUri!.AbsolutePath}",
                    (int)response.StatusCode,
                    RetryAfter(response),
                    (Shown, WhyNoToken())
                );
        }
    }

    // Any failure on the way, as one exception with the server's name.
    private async Task<T> WithinAsync<T>(Func<CancellationToken, Task<T>> ask, string path, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(options.AnswerTime, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            return await ask(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            // The time for the connection alone is shorter.
            throw limit.IsCancellationRequested
                ? new ApiException(
                    $"the Kubernetes API at {Server} did not answer {path.Split('?')[0]} within {options.AnswerTime.TotalSeconds} seconds",
                    e
                )
                : new ApiException(
                    $"the Kubernetes API at {Server} does not accept connections: {ConnectionFailure.Describe(e, tls)}{Hint}",
                    e
                );
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException or InvalidDataException)
        {
            cancellation.ThrowIfCancellationRequested();
            var why =
                access is { } known && tls is { } side
                    ? await connections.FindAlertAsync(known.Server, side, e, cancellation).ConfigureAwait(false)
                    : e;
            var hint = e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } ? Hint : "";
            throw new ApiException($"the Kubernetes API at {Server}: {ConnectionFailure.Describe(why, tls)}{hint}", why);
        }
    }

    private string Server => access?.Server.GetLeftPart(UriPartial.Authority) ?? "";

    private string Hint => access?.IsService == true ? "; that is the service's address: without kube-proxy, give --kube-api-url" : "";

    private string Shown =>
        access switch
        {
            { Token: not null } => "this node's token",
            { Certificate: not null } => "the client certificate",
            _ => $"what the proxy at {Server} shows",
        };

    // Why the request had no credentials; null if it had, or if the server is a proxy on this machine that adds its own.
    private string? WhyNoToken() =>
        access switch
        {
            null or { Server: { Scheme: "http", IsLoopback: true } } => null,
            { MaySendToken: false } =>
                "no token is sent over plain http to another machine, as anyone on the path could read it; give an https address",
            { Token: null, Certificate: null } => "no token and no client certificate was sent: none is configured",
            _ => null,
        };

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, int most, CancellationToken cancellation)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        var buffer = new byte[4096];
        var length = 0;
        while (await stream.ReadAsync(buffer.AsMemory(length), cancellation).ConfigureAwait(false) is var count and > 0)
        {
            length += count;
            if (length == most)
                break;
            if (length == buffer.Length)
                Array.Resize(ref buffer, Math.Min(buffer.Length * 2, most));
        }

        return buffer[..length];
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - options.Time.GetUtcNow(),
            _ => null,
        };

    private (HttpClient Client, Uri Server, string? Token) Connect()
    {
        lock (making)
        {
            access ??= new ApiAccessFinder(options, variable).Find();
            var now = access.Fingerprint();
            if (http is null || now != fingerprint)
                Replace(access, now);
            return (http!, access.Server, access.FindToken());
        }
    }

    // True if a credential changed: then a retry makes sense.
    private bool Refresh()
    {
        lock (making)
        {
            var before = access!.FindToken();
            access = new ApiAccessFinder(options, variable).Find();
            return access.Fingerprint() != fingerprint || access.FindToken() != before;
        }
    }

    private void Replace(ApiAccess by, string now)
    {
        var side = by.ReadTls();
        var handler = connections.CreateHandler(side);
        handler.SslOptions.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        handler.AutomaticDecompression = DecompressionMethods.GZip;
        // A balancer that vanished leaves a watch silent for ever: keep-alive pings detect it.
        handler.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(15);
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        // The watch that runs on the one before ends by itself.
        retired?.Dispose();
        retired = http;
        http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        (fingerprint, tls) = (now, side);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        retired?.Dispose();
        http?.Dispose();
    }
}
