using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Plugboard.Coordinator.Sources.Tls;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// etcd's v3 API by its JSON gateway (etcd 3.4 and later). Every refusal and every failure is an <see cref="EtcdException"/>.
/// </summary>
internal sealed class EtcdClient : IDisposable
{
    /// <summary>The limit of an answer's bytes; ten thousand leases have four million.</summary>
    public const int MostBytes = 32 * 1024 * 1024;

    private const int PeerPort = 2380;

    private readonly EtcdOptions options;
    private readonly EtcdLogin login;
    private readonly TlsSide tls;
    private readonly HttpConnections connections;
    private readonly HttpClient http;
    private volatile int endpoint;

    private EtcdClient(EtcdOptions options, EtcdLogin login, TlsSide tls, HttpConnections connections)
    {
        this.options = options;
        this.login = login;
        this.tls = tls;
        this.connections = connections;
        // Each request has its own time: a watch has none.
        http = new HttpClient(connections.CreateHandler(tls))
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MostBytes,
        };
    }

    /// <summary>Gets, while it waits, the server that does not answer; null: it is not reported.</summary>
    public Action<string>? Slow { get; init; }

    /// <summary>Reads the certificates' files as they are now; it sends no request yet.</summary>
    /// <param name="options">Where etcd is.</param>
    /// <param name="connections">How servers are reached.</param>
    /// <param name="login">The token that an earlier client had; null: this is the first one.</param>
    /// <param name="slow">See <see cref="Slow"/>.</param>
    /// <exception cref="EtcdException">A file is missing or invalid, or the password would be sent in clear text.</exception>
    public static EtcdClient Open(EtcdOptions options, HttpConnections connections, EtcdLogin? login = null, Action<string>? slow = null)
    {
        if (options.FindExposing() is { } exposing)
            throw new EtcdException(
                $"the password is not sent to {exposing.GetLeftPart(UriPartial.Authority)}: anyone on the path could read it"
            );
        try
        {
            var side = new TlsSide
            {
                Authorities = options.CaFile is { } authorities ? PemText.Read(authorities).ReadCertificates() : null,
                AuthoritiesSetting = options.CaFile is { } file ? $"{file} (--etcd-cafile)" : "--etcd-cafile",
                Client = options.CertFile is { } cert
                    ? ClientCertificate.Read(PemText.Read(cert), PemText.Read(options.KeyFile ?? cert))
                    : null,
                ClientSetting = "--etcd-certfile and --etcd-keyfile",
            };
            return new EtcdClient(options, login ?? new EtcdLogin(), side, connections) { Slow = slow };
        }
        catch (TlsFileException e)
        {
            throw new EtcdException(e.Message, inner: e);
        }
    }

    /// <summary>All keys of a prefix.</summary>
    public async Task<EtcdList> ListAsync(string prefix, CancellationToken cancellation)
    {
        var body = EtcdMessages.Range(prefix);
        using var response = await SendAsync("v3/kv/range", body, HttpCompletionOption.ResponseContentRead, cancellation)
            .ConfigureAwait(false);
        return ReadShape(BytesOf(response), static text => EtcdMessages.ReadRange(text.Span));
    }

    /// <summary>A lease: its number and how long it lasts.</summary>
    public async Task<(long Lease, TimeSpan Lasts)> GrantAsync(TimeSpan time, CancellationToken cancellation)
    {
        using var answer = await AskAsync("v3/lease/grant", EtcdMessages.Grant((long)Math.Ceiling(time.TotalSeconds)), cancellation)
            .ConfigureAwait(false);
        return Read(answer, static root => (EtcdMessages.Number(root, "ID"), TimeSpan.FromSeconds(EtcdMessages.Number(root, "TTL"))));
    }

    /// <summary>Has a lease last as long again as when it was granted; how long that is, zero if it has ended.</summary>
    public async Task<TimeSpan> KeepAliveAsync(long lease, CancellationToken cancellation)
    {
        // A stream of answers, one for each question: one.
        using var answer = await AskAsync("v3/lease/keepalive", EtcdMessages.Lease(lease), cancellation).ConfigureAwait(false);
        return Read(answer, static root => TimeSpan.FromSeconds(EtcdMessages.Number(root.GetProperty("result"), "TTL")));
    }

    /// <summary>How long a lease lasts from now on; less than nothing if it has ended.</summary>
    public async Task<TimeSpan> FindTimeAsync(long lease, CancellationToken cancellation)
    {
        using var answer = await AskAsync("v3/lease/timetolive", EtcdMessages.Lease(lease), cancellation).ConfigureAwait(false);
        return Read(answer, static root => TimeSpan.FromSeconds(EtcdMessages.Number(root, "TTL")));
    }

    /// <summary>Revokes a lease, with its keys.</summary>
    public async Task RevokeAsync(long lease, CancellationToken cancellation)
    {
        using var answer = await AskAsync("v3/lease/revoke", EtcdMessages.Lease(lease), cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether the transaction succeeded, and the revision then.</summary>
    public async Task<(bool IsDone, long Revision)> TryAsync(EtcdTransaction transaction, CancellationToken cancellation)
    {
        using var answer = await AskAsync("v3/kv/txn", EtcdMessages.Transaction(transaction), cancellation).ConfigureAwait(false);
        return Read(answer, static root => (EtcdMessages.Truth(root, "succeeded"), EtcdMessages.Revision(root)));
    }

    /// <summary>Watches the keys of a prefix, from a revision on, until the server ends the stream.</summary>
    /// <exception cref="EtcdCompactedException">The revision was compacted: list again.</exception>
    public async IAsyncEnumerable<EtcdList> WatchAsync(
        string prefix,
        long revision,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        using var response = await SendAsync(
                "v3/watch",
                EtcdMessages.Watch(prefix, revision),
                HttpCompletionOption.ResponseHeadersRead,
                cancellation
            )
            .ConfigureAwait(false);
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
            throw new EtcdException(
                $"{Name(options.Endpoints[endpoint])}: the watch ended: {ConnectionFailure.Describe(e, tls)}",
                inner: e
            );
        }
    }

    private static EtcdList ReadWatch(ReadOnlyMemory<byte> line)
    {
        using var message = Parse(line);
        return Read(
            message,
            static root =>
            {
                if (root.TryGetProperty("error", out var error))
                    throw new EtcdException($"etcd ended the watch: {Text(error, "message") ?? "it gives no reason"}");
                var result = root.GetProperty("result");
                if (EtcdMessages.Number(result, "compact_revision") > 0)
                    throw new EtcdCompactedException();
                return EtcdMessages.Truth(result, "canceled")
                    ? throw new EtcdException($"etcd ended the watch: {Text(result, "cancel_reason") ?? "it gives no reason"}")
                    : EtcdMessages.ReadEvents(result);
            }
        );
    }

    private async Task<JsonDocument> AskAsync(string path, byte[] body, CancellationToken cancellation)
    {
        using var response = await SendAsync(path, body, HttpCompletionOption.ResponseContentRead, cancellation).ConfigureAwait(false);
        return Parse(BytesOf(response));
    }

    private static ReadOnlyMemory<byte> BytesOf(HttpResponseMessage response) => ((WholeContent)response.Content).Bytes;

    // If etcd no longer accepts the token, retry once with a new one.
    private async Task<HttpResponseMessage> SendAsync(
        string path,
        byte[] body,
        HttpCompletionOption completion,
        CancellationToken cancellation
    )
    {
        if (options.Username is null)
            return await SendToAnyAsync(new Request(path, body, completion, token: ""), cancellation).ConfigureAwait(false);
        var token = await login.GetAsync(refused: null, AuthenticateAsync, cancellation).ConfigureAwait(false);
        try
        {
            return await SendToAnyAsync(new Request(path, body, completion, token), cancellation).ConfigureAwait(false);
        }
        catch (EtcdException e) when (e.IsUnauthenticated)
        {
            token = await login.GetAsync(token, AuthenticateAsync, cancellation).ConfigureAwait(false);
            return await SendToAnyAsync(new Request(path, body, completion, token), cancellation).ConfigureAwait(false);
        }
    }

    // As etcd's own client: without users on the server, it works without a login.
    private async Task<string> AuthenticateAsync()
    {
        var request = new Request(
            "v3/auth/authenticate",
            EtcdMessages.Authenticate(options.Username!, options.Password.Text),
            HttpCompletionOption.ResponseContentRead,
            token: ""
        );
        try
        {
            using var response = await SendToAnyAsync(request, CancellationToken.None).ConfigureAwait(false);
            using var answer = Parse(BytesOf(response));
            return Text(answer.RootElement, "token") ?? throw new EtcdException("unexpected response from etcd: it has no token");
        }
        catch (EtcdException e) when (e.IsWithoutUsers)
        {
            return "";
        }
    }

    // The server that answered last comes first.
    private async Task<HttpResponseMessage> SendToAnyAsync(Request request, CancellationToken cancellation)
    {
        var failures = new List<EtcdException>();
        var first = endpoint;
        for (var i = 0; i < options.Endpoints.Count; i++)
        {
            var at = (first + i) % options.Endpoints.Count;
            try
            {
                using var late = new CancellationTokenSource(options.SlowTime);
                using var telling = late.Token.Register(Tell(options.Endpoints[at], failures));
                var response = await SendToAsync(options.Endpoints[at], request, cancellation).ConfigureAwait(false);
                endpoint = at;
                return response;
            }
            catch (EtcdException e) when (e.Code is 0 or EtcdException.Unavailable)
            {
                failures.Add(e);
            }
        }

        throw failures.Count switch
        {
            0 => new EtcdException("no etcd endpoint is configured"),
            1 => failures[0],
            _ => new EtcdException(string.Join("; ", failures.Select(static failure => failure.Message)), failures[^1].Code, failures[^1]),
        };
    }

    private Action Tell(Uri server, IReadOnlyList<EtcdException> failures)
    {
        var since = TimeProvider.System.GetUtcNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        var before = string.Concat(failures.Select(static failure => $"; before it {failure.Message}"));
        return () => Slow?.Invoke($"{Name(server)} is tried since {since} UTC{Resolving(server)} and has not answered yet{before}");
    }

    private string Resolving(Uri server) => connections.IsResolving(server.IdnHost) ? ", its name is not resolved yet," : "";

    private async Task<HttpResponseMessage> SendToAsync(Uri server, Request what, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.RequestTime);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, what.Path))
            {
                Content = new ByteArrayContent(what.Body),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            // A member that lost its quorum refuses a linearizable read instead of returning stale data.
            request.Headers.Add("Grpc-Metadata-hasleader", "true");
            if (what.Token.Length > 0)
                request.Headers.TryAddWithoutValidation("Authorization", what.Token);
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                if (what.Completion == HttpCompletionOption.ResponseContentRead)
                    response.Content = await WholeContent.ReadAsync(response.Content, MostBytes, limit.Token).ConfigureAwait(false);
                return response;
            }

            using (response)
                throw Refused(server, response, await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new EtcdException(
                $"{Name(server)} did not answer within {options.RequestTime.TotalSeconds} seconds"
                    + (connections.IsResolving(server.IdnHost) ? ": its name is not resolved yet, check the node's name servers" : "")
            );
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            var why = await connections.FindAlertAsync(server, tls, e, cancellation).ConfigureAwait(false);
            throw new EtcdException($"{Name(server)}: {ConnectionFailure.Describe(why, tls)}", inner: why);
        }
    }

    private static string Name(Uri server) => server.GetLeftPart(UriPartial.Authority);

    private static EtcdException Refused(Uri server, HttpResponseMessage response, byte[] body)
    {
        try
        {
            using var answer = JsonDocument.Parse(body);
            var error = ErrorOf(answer.RootElement);
            if ((Text(error, "message") ?? Text(error, "error")) is { } why)
                return new EtcdException($"{Name(server)}: {why}{RemedyOf(why)}", CodeOf(error));
        }
        catch (JsonException)
        {
            // Not etcd's own answer: only its status is known.
        }

        var status = (int)response.StatusCode;
        if (response.Headers.Location is { } other)
            return new EtcdException(
                $"{Name(server)}: HTTP status {status}: it redirects to "
                    + $"{(other.IsAbsoluteUri ? $"{other.Scheme}://{other.Authority}" : other)}, which is not followed; "
                    + $"configure that server"
            );
        // It is on without a configuration file, and off with one that does not have the key (etcd-io/etcd#12093).
        if (response.StatusCode == HttpStatusCode.NotFound)
            return new EtcdException(
                $"{Name(server)}: HTTP status 404: it has no JSON gateway: etcd 3.4 and later serve it with --enable-grpc-gateway, or "
                    + "enable-grpc-gateway: true in the configuration file"
                    + (server.Port == PeerPort ? $"; port {PeerPort} is usually the one for other members, and 2379 for clients" : "")
            );
        var text = response.Content.Headers.ContentType?.MediaType == "text/plain" || IsHttpToTls(body) ? $": {FirstLine(body)}" : "";
        return new EtcdException($"{Name(server)}: HTTP status {status}{text}");
    }

    // Where the answer would be a stream, the error is an object of its own.
    private static JsonElement ErrorOf(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object
            ? error
            : root;

    private static int CodeOf(JsonElement error) =>
        (error.TryGetProperty("code", out var code) || error.TryGetProperty("grpc_code", out code)) && code.TryGetInt32(out var number)
            ? number
            : EtcdException.Unknown;

    private static string RemedyOf(string why) =>
        why.Contains("user name is empty", StringComparison.Ordinal) ? "; it requires a login: --etcd-username and --etcd-password"
        : why.Contains("permission denied", StringComparison.Ordinal) ? "; a role of the user needs readwrite on all keys of the prefix"
        : why.Contains("database space exceeded", StringComparison.Ordinal) ? "; compact and defragment it, then etcdctl alarm disarm"
        : "";

    // Go's servers send this text without a content type.
    private static bool IsHttpToTls(byte[] body) => body.AsSpan().IndexOf("to an HTTPS server"u8) >= 0;

    private static string FirstLine(byte[] body)
    {
        const int LongEnough = 200;
        var line = System.Text.Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, LongEnough)).Split('\n')[0];
        return new string(line.Where(static letter => !char.IsControl(letter)).ToArray());
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static JsonDocument Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException e)
        {
            throw new EtcdException("unexpected response from etcd: invalid JSON", inner: e);
        }
    }

    private static T Read<T>(JsonDocument answer, Func<JsonElement, T> read) => ReadShape(answer.RootElement, read);

    // The answer does not have the expected shape.
    private static TResult ReadShape<T, TResult>(T answer, Func<T, TResult> read)
    {
        try
        {
            return read(answer);
        }
        catch (JsonException e)
        {
            throw new EtcdException("unexpected response from etcd: invalid JSON", inner: e);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new EtcdException("unexpected response from etcd: it does not fit the request", inner: e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    // No text form of this shows the token: it is no record.
    private sealed class Request(string path, byte[] body, HttpCompletionOption completion, string token)
    {
        public string Path => path;

        public byte[] Body => body;

        public HttpCompletionOption Completion => completion;

        public string Token => token;
    }
}
