using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Plugboard.Testing.Kubernetes;

/// <summary>
/// The part of a Kubernetes API that a source of peers uses, as honest as the real one: versions that go up with each change, a history
/// that can be forgotten, pages of one moment, watches with bookmarks, patches that change nothing when nothing differs. What it is asked
/// to answer otherwise it does.
/// </summary>
public sealed class FakeKubernetes : IDisposable
{
    private readonly Lock changing = new();
    private readonly SortedDictionary<string, JsonObject> nodes = new(StringComparer.Ordinal);
    private readonly List<(long Version, string Line)> history = [];
    private readonly Dictionary<long, List<string>> moments = [];
    private readonly List<Channel<string>> watches = [];
    private long version = 100;
    private long forgotten = 100;

    private FakeKubernetes(FakeServer? server) => Server = server!;

    /// <summary>The server, with what it was asked.</summary>
    public FakeServer Server { get; private set; }

    /// <summary>What to answer in place of what it would; null: what it would.</summary>
    public Func<FakeRequest, FakeAnswer?> Instead { get; set; } = static _ => null;

    /// <summary>The only token that counts; null: none is asked for.</summary>
    public string? Token { get; set; }

    /// <summary>
    /// Whether a compacted version is reported by an event within the watch, as the API does once it has begun, and not by its status.
    /// </summary>
    public bool TellsGoneInWatch { get; set; }

    /// <summary>The events that were written.</summary>
    public List<JsonObject> Events { get; } = [];

    /// <summary>The version now.</summary>
    public long Version
    {
        get
        {
            lock (changing)
                return version;
        }
    }

    /// <summary>How many watches run.</summary>
    public int WatchCount
    {
        get
        {
            lock (changing)
                return watches.Count;
        }
    }

    /// <summary>Starts it without a Node.</summary>
    public static FakeKubernetes Start(System.Security.Cryptography.X509Certificates.X509Certificate2? certificate = null)
    {
        var api = new FakeKubernetes(server: null);
        api.Server = FakeServer.Start(api.Answer, certificate);
        return api;
    }

    /// <summary>Adds a Node.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="podCidrs">Its pod networks.</param>
    /// <param name="address">Its internal address.</param>
    /// <param name="annotations">flannel's, without their prefix.</param>
    public void Add(string name, string[] podCidrs, string address, params (string Name, string Value)[] annotations)
    {
        var node = FakeNode.Create(name, podCidrs, address);
        foreach (var (annotation, value) in annotations)
            node["metadata"]!["annotations"]![$"flannel.alpha.coreos.com/{annotation}"] = value;
        lock (changing)
        {
            nodes[name] = node;
            Tell("ADDED", node);
        }
    }

    /// <summary>Changes a Node; no event if nothing differs.</summary>
    public void Edit(string name, Action<JsonObject> edit)
    {
        lock (changing)
        {
            var next = (JsonObject)nodes[name].DeepClone();
            edit(next);
            if (JsonNode.DeepEquals(next, nodes[name]))
                return;
            nodes[name] = next;
            Tell("MODIFIED", next);
        }
    }

    /// <summary>Takes a Node away.</summary>
    public void Delete(string name)
    {
        lock (changing)
        {
            nodes.Remove(name, out var node);
            Tell("DELETED", node!);
        }
    }

    /// <summary>A Node as it is now.</summary>
    public JsonObject Read(string name)
    {
        lock (changing)
            return (JsonObject)nodes[name].DeepClone();
    }

    /// <summary>One of flannel's annotations of a Node; null: absent.</summary>
    public string? Annotation(string name, string annotation) =>
        (string?)Read(name)["metadata"]!["annotations"]![$"flannel.alpha.coreos.com/{annotation}"];

    /// <summary>The condition NetworkUnavailable of a Node; null: absent.</summary>
    public JsonNode? Condition(string name) =>
        Read(name)["status"]!["conditions"]!.AsArray().FirstOrDefault(condition => (string?)condition!["type"] == "NetworkUnavailable");

    /// <summary>Forgets what happened up to now: watches from before it and lists begun before it are refused.</summary>
    public void Forget()
    {
        lock (changing)
        {
            forgotten = version;
            history.Clear();
            moments.Clear();
        }
    }

    /// <summary>Changes the version without a word about Nodes, as other objects do.</summary>
    public void Pass(int versions)
    {
        lock (changing)
            version += versions;
    }

    /// <summary>Tells all watches how far they are.</summary>
    public void Bookmark()
    {
        lock (changing)
            Send(
                $$"""{"type":"BOOKMARK","object":{"kind":"Node","apiVersion":"v1","metadata":"""
                    + $$"""{"resourceVersion":"{{version}}","creationTimestamp":null},"spec":{},"status":{} } }"""
            );
    }

    /// <summary>Sends a line of one's own to all watches.</summary>
    public void Send(string line)
    {
        lock (changing)
        {
            foreach (var watch in watches)
                watch.Writer.TryWrite(line);
        }
    }

    /// <summary>Ends all watches as the server does after their time.</summary>
    public void EndWatches()
    {
        lock (changing)
        {
            foreach (var watch in watches)
                watch.Writer.TryComplete();
        }
    }

    private void Tell(string type, JsonObject node)
    {
        version++;
        node["metadata"]!["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture);
        var line = $$"""{"type":"{{type}}","object":{{node.ToJsonString()}}}""";
        history.Add((version, line));
        Send(line);
    }

    private FakeAnswer Answer(FakeRequest request)
    {
        if (Instead(request) is { } other)
            return other;
        if (Token is { } token && request.Headers.GetValueOrDefault("Authorization") != $"Bearer {token}")
            return FakeAnswer.Refusal(401, "Unauthorized", "Unauthorized");
        lock (changing)
        {
            return request switch
            {
                { IsWatch: true } => Watch(request),
                { IsList: true } => List(request),
                { Method: "POST", Path: "/api/v1/namespaces/default/events" } => AddEvent(request),
                { Method: "PATCH" } when request.Path.StartsWith("/api/v1/namespaces/default/events/", StringComparison.Ordinal) =>
                    PatchEvent(request),
                { Method: "PATCH" } => PatchNode(request),
                _ => FakeAnswer.Refusal(404, "NotFound", "there is no such thing"),
            };
        }
    }

    private FakeAnswer List(FakeRequest request)
    {
        var limit = int.Parse(request.Query.GetValueOrDefault("limit", "0"), CultureInfo.InvariantCulture);
        var (moment, skip) = (version, 0);
        if (request.Query.TryGetValue("continue", out var next))
        {
            var parts = Encoding.ASCII.GetString(Convert.FromBase64String(next)).Split(' ');
            (moment, skip) = (long.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture));
            if (!moments.ContainsKey(moment))
                return FakeAnswer.Refusal(410, "Expired", "The provided continue parameter is too old");
        }
        else
        {
            moments[moment] = nodes.Values.Select(node => node.ToJsonString()).ToList();
        }

        var all = moments[moment];
        var page = limit == 0 ? all : all.Skip(skip).Take(limit).ToList();
        var rest =
            skip + page.Count < all.Count
                ? Convert.ToBase64String(
                    Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{moment} {skip + page.Count}"))
                )
                : "";
        var body =
            $$"""{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"{{moment}}","continue":"{{rest}}"},"items":"""
            + $$"""[{{string.Join(',', page)}}]}""";
        return request.Headers.GetValueOrDefault("Accept-Encoding", "").Contains("gzip", StringComparison.Ordinal)
            ? new FakeAnswer(200)
            {
                Headers = ["Content-Encoding: gzip"],
                Stream = (stream, cancellation) => PackAsync(stream, body, cancellation),
            }
            : new FakeAnswer(200, body);
    }

    private static async Task PackAsync(Stream stream, string body, CancellationToken cancellation)
    {
        await using var packed = new GZipStream(stream, CompressionLevel.Fastest);
        await packed.WriteAsync(Encoding.UTF8.GetBytes(body), cancellation);
    }

    private FakeAnswer Watch(FakeRequest request)
    {
        var from = long.Parse(request.Query["resourceVersion"], CultureInfo.InvariantCulture);
        const string Gone =
            """{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version","reason":"Expired","code":410}""";
        if (from < forgotten && !TellsGoneInWatch)
            return new FakeAnswer(410, Gone);
        var channel = Channel.CreateUnbounded<string>();
        if (from < forgotten)
        {
            channel.Writer.TryWrite($$"""{"type":"ERROR","object":{{Gone}}}""");
            channel.Writer.Complete();
        }
        else
        {
            foreach (var (_, line) in history.Where(happened => happened.Version > from))
                channel.Writer.TryWrite(line);
            watches.Add(channel);
        }

        return new FakeAnswer(200)
        {
            Headers = ["Transfer-Encoding: chunked"],
            Stream = (stream, cancellation) => WatchAsync(stream, channel, cancellation),
        };
    }

    private async Task WatchAsync(Stream stream, Channel<string> channel, CancellationToken cancellation)
    {
        try
        {
            await stream.FlushAsync(cancellation);
            await foreach (var line in channel.Reader.ReadAllAsync(cancellation))
            {
                var bytes = Encoding.UTF8.GetBytes(line + "\n");
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), cancellation);
                await stream.WriteAsync(bytes, cancellation);
                await stream.WriteAsync("\r\n"u8.ToArray(), cancellation);
            }

            await stream.WriteAsync("0\r\n\r\n"u8.ToArray(), cancellation);
        }
        finally
        {
            lock (changing)
                watches.Remove(channel);
        }
    }

    private FakeAnswer PatchNode(FakeRequest request)
    {
        var parts = request.Path.Split('/');
        var isStatus = parts[^1] == "status";
        var name = parts[isStatus ? ^2 : ^1];
        if (!nodes.TryGetValue(name, out var before))
            return FakeAnswer.Refusal(404, "NotFound", $"nodes {name} not found");
        var type = request.Headers["Content-Type"];
        try
        {
            if (isStatus && type == "application/strategic-merge-patch+json")
                Edit(name, node => FakePatch.Merge(node, request.Json.AsObject()));
            else if (!isStatus && type == "application/json-patch+json")
                Edit(name, node => FakePatch.Apply(node, request.Json.AsArray()));
            else
                return FakeAnswer.Refusal(415, "UnsupportedMediaType", $"{type} is not known here");
        }
        catch (InvalidOperationException e)
        {
            return FakeAnswer.Refusal(422, "Invalid", e.Message);
        }

        return new FakeAnswer(200, nodes.GetValueOrDefault(name, before).ToJsonString());
    }

    private FakeAnswer AddEvent(FakeRequest request)
    {
        Events.Add(request.Json.AsObject());
        return new FakeAnswer(201, request.Body);
    }

    private FakeAnswer PatchEvent(FakeRequest request)
    {
        var found = Events.Find(known => (string?)known["metadata"]!["name"] == request.Path.Split('/')[^1]);
        if (found is null)
            return FakeAnswer.Refusal(404, "NotFound", "there is no such event");
        foreach (var (field, value) in request.Json.AsObject())
            found[field] = value?.DeepClone();
        return new FakeAnswer(200, found.ToJsonString());
    }

    /// <inheritdoc/>
    public void Dispose() => Server.Dispose();
}
