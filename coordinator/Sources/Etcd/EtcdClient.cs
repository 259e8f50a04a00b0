using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>etcd's v3 API by its JSON gateway (etcd 3.4 and later). Every refusal and every failure is an <see cref="EtcdException"/>.</summary>
internal sealed class EtcdClient : IDisposable
{
    /// <summary>An answer with more bytes is refused; ten thousand leases have four million.</summary>
    public const int MostBytes = 32 * 1024 * 1024;

    private readonly EtcdOptions options;
    private readonly HttpClient http;
    private volatile string? token;
    private volatile int endpoint;

    private EtcdClient(EtcdOptions options, HttpClient http)
    {
        this.options = options;
        this.http = http;
    }

    /// <summary>Reads the certificates' files, as they are now; nothing is asked yet.</summary>
    /// <exception cref="EtcdException">A file is missing or none.</exception>
    public static EtcdClient Open(EtcdOptions options, HttpConnections connections)
    {
        try
        {
            X509Certificate2Collection? trusted = null;
            if (options.CaFile is { } authorities)
            {
                trusted = [];
                trusted.ImportFromPemFile(authorities);
            }

            var own = options.CertFile is { } cert ? X509Certificate2.CreateFromPemFile(cert, options.KeyFile) : null;
            // Each request has its own time: a watch has none.
            return new EtcdClient(options, new HttpClient(connections.CreateHandler(trusted, own)) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MostBytes });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new EtcdException($"the certificates of etcd cannot be read: {e.Message}", inner: e);
        }
    }

    /// <summary>All keys that begin so.</summary>
    public async Task<EtcdList> ListAsync(string prefix, CancellationToken cancellation)
    {
        using var answer = await AskAsync("v3/kv/range", EtcdMessages.Range(prefix), cancellation).ConfigureAwait(false);
        return Read(answer, EtcdMessages.ReadRange);
    }

    /// <summary>A lease: its number and how long it lasts.</summary>
    public async Task<(long Lease, TimeSpan Lasts)> GrantAsync(TimeSpan time, CancellationToken cancellation)
    {
        using var answer = await AskAsync("v3/lease/grant", EtcdMessages.Grant((long)Math.Ceiling(time.TotalSeconds)), cancellation).ConfigureAwait(false);
        return Read(answer, static root => (EtcdMessages.Number(root, "ID"), TimeSpan.FromSeconds(EtcdMessages.Number(root, "TTL"))));
    }

    /// <summary>Ends a lease and what is bound to it.</summary>
    public async Task RevokeAsync(long lease, CancellationToken cancellation)
    {
        using var answer = await AskAsync("v3/lease/revoke", EtcdMessages.Revoke(lease), cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether it was done, and the revision then.</summary>
    public async Task<(bool IsDone, long Revision)> TryAsync(EtcdTransaction transaction, CancellationToken cancellation)
    {
        using var answer = await AskAsync("v3/kv/txn", EtcdMessages.Transaction(transaction), cancellation).ConfigureAwait(false);
        return Read(answer, static root => (EtcdMessages.Truth(root, "succeeded"), EtcdMessages.Revision(root)));
    }

    /// <summary>Each change from a revision on of keys that begin so, until the server ends it.</summary>
    /// <exception cref="EtcdCompactedException">The revision is forgotten: list anew.</exception>
    public async IAsyncEnumerable<EtcdList> WatchAsync(string prefix, long revision, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await SendAsync("v3/watch", EtcdMessages.Watch(prefix, revision), HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        var lines = new JsonLines(stream, MostBytes);
        while (await NextAsync(lines, cancellation).ConfigureAwait(false) is { } line)
            yield return ReadWatch(line);
    }

    private async ValueTask<ReadOnlyMemory<byte>?> NextAsync(JsonLines lines, CancellationToken cancellation)
    {
        try
        {
            return await lines.ReadAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new EtcdException($"{options.Endpoints[endpoint]}: the watch broke off: {e.Message}", inner: e);
        }
    }

    private static EtcdList ReadWatch(ReadOnlyMemory<byte> line)
    {
        using var message = Parse(line);
        return Read(message, static root =>
        {
            if (root.TryGetProperty("error", out var error))
                throw new EtcdException($"etcd ended the watch: {Text(error, "message") ?? "it does not say why"}");
            var result = root.GetProperty("result");
            if (EtcdMessages.Number(result, "compact_revision") > 0)
                throw new EtcdCompactedException();
            return EtcdMessages.Truth(result, "canceled")
                ? throw new EtcdException($"etcd ended the watch: {Text(result, "cancel_reason") ?? "it does not say why"}")
                : EtcdMessages.ReadEvents(result);
        });
    }

    private async Task<JsonDocument> AskAsync(string path, byte[] body, CancellationToken cancellation)
    {
        using var response = await SendAsync(path, body, HttpCompletionOption.ResponseContentRead, cancellation).ConfigureAwait(false);
        return Parse(await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false));
    }

    // A token that has ended is asked for anew, once.
    private async Task<HttpResponseMessage> SendAsync(string path, byte[] body, HttpCompletionOption completion, CancellationToken cancellation)
    {
        if (options.Username is null)
            return await SendToAnyAsync(path, body, completion, cancellation).ConfigureAwait(false);
        var isNew = token is null;
        token ??= await AuthenticateAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await SendToAnyAsync(path, body, completion, cancellation).ConfigureAwait(false);
        }
        catch (EtcdException e) when (e.IsUnauthenticated && !isNew)
        {
            token = await AuthenticateAsync(cancellation).ConfigureAwait(false);
            return await SendToAnyAsync(path, body, completion, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<string> AuthenticateAsync(CancellationToken cancellation)
    {
        token = null;
        var body = EtcdMessages.Authenticate(options.Username!, options.Password);
        using var response = await SendToAnyAsync("v3/auth/authenticate", body, HttpCompletionOption.ResponseContentRead, cancellation).ConfigureAwait(false);
        using var answer = Parse(await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false));
        return Text(answer.RootElement, "token") ?? throw new EtcdException("etcd knows the user and gives no token");
    }

    // The server that answered last is asked first.
    private async Task<HttpResponseMessage> SendToAnyAsync(string path, byte[] body, HttpCompletionOption completion, CancellationToken cancellation)
    {
        EtcdException? failure = null;
        var first = endpoint;
        for (var i = 0; i < options.Endpoints.Count; i++)
        {
            var at = (first + i) % options.Endpoints.Count;
            try
            {
                var response = await SendToAsync(new Uri(options.Endpoints[at], path), body, completion, cancellation).ConfigureAwait(false);
                endpoint = at;
                return response;
            }
            catch (EtcdException e) when (e.Code is 0 or EtcdException.Unavailable)
            {
                failure = e;
            }
        }

        throw failure ?? new EtcdException("there is no endpoint of etcd");
    }

    private async Task<HttpResponseMessage> SendToAsync(Uri uri, byte[] body, HttpCompletionOption completion, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.RequestTime);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            // A member that lost the others refuses instead of telling what may be old.
            request.Headers.Add("Grpc-Metadata-hasleader", "true");
            if (token is { } known)
                request.Headers.TryAddWithoutValidation("Authorization", known);
            var response = await http.SendAsync(request, completion, limit.Token).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
                throw Refused(uri, (int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new EtcdException($"{uri.GetLeftPart(UriPartial.Authority)} did not answer within {options.RequestTime.TotalSeconds} seconds");
        }
        catch (HttpRequestException e)
        {
            throw new EtcdException($"{uri.GetLeftPart(UriPartial.Authority)}: {e.InnerException?.Message ?? e.Message}", inner: e);
        }
    }

    private static EtcdException Refused(Uri uri, int status, byte[] body)
    {
        var where = uri.GetLeftPart(UriPartial.Authority);
        try
        {
            using var answer = JsonDocument.Parse(body);
            var root = answer.RootElement;
            if (root.ValueKind == JsonValueKind.Object && (Text(root, "message") ?? Text(root, "error")) is { } why)
                return new EtcdException($"{where}: {why}", root.TryGetProperty("code", out var code) && code.TryGetInt32(out var number) ? number : EtcdException.Unknown);
        }
        catch (JsonException)
        {
            // Not etcd's own answer: its status is all there is.
        }

        return new EtcdException($"{where}: HTTP status {status}");
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonDocument Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException e)
        {
            throw new EtcdException("etcd's answer is no JSON", inner: e);
        }
    }

    // What has another shape than etcd's answers have.
    private static T Read<T>(JsonDocument answer, Func<JsonElement, T> read)
    {
        try
        {
            return read(answer.RootElement);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new EtcdException("etcd's answer is none that was asked for", inner: e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();
}
