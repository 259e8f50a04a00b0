using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Plugboard.Testing.Kubernetes;

/// <summary>
/// The part of a Kubernetes API that a source of peers or of policies uses, as honest as the real one: versions that go up with each
/// change, a history that can be forgotten, pages of one moment, watches with bookmarks, patches that change nothing when nothing differs.
/// What it is asked to answer otherwise it does.
/// </summary>
public sealed class FakeKubernetes : IDisposable
{
    /// <summary>Where Nodes are.</summary>
    public const string Nodes = "/api/v1/nodes";

    /// <summary>Where Pods are.</summary>
    public const string Pods = "/api/v1/pods";

    /// <summary>Where Namespaces are.</summary>
    public const string Namespaces = "/api/v1/namespaces";

    /// <summary>Where NetworkPolicies are.</summary>
    public const string Policies = "/apis/networking.k8s.io/v1/networkpolicies";

    /// <summary>Where ClusterNetworkPolicies are, if <see cref="Serve"/> says so.</summary>
    public const string ClusterPolicies = "/apis/policy.networking.k8s.io/v1beta1/clusternetworkpolicies";

    /// <summary>The same of the version before.</summary>
    public const string OlderClusterPolicies = "/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies";

    private readonly Lock changing = new();
    private readonly Dictionary<string, FakeCollection> collections = new(StringComparer.Ordinal)
    {
        [Nodes] = new("Node", "v1"),
        [Pods] = new("Pod", "v1"),
        [Namespaces] = new("Namespace", "v1"),
        [Policies] = new("NetworkPolicy", "networking.k8s.io/v1"),
    };
    private readonly FakeCollection nodes;
    private long version = 100;
    private long forgotten = 100;

    private FakeKubernetes()
    {
        nodes = collections[Nodes];
        Server = null!;
    }

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

    /// <summary>How many watches run whose answer has begun.</summary>
    public int WatchCount
    {
        get
        {
            lock (changing)
                return collections.Values.Sum(static collection => collection.Begun);
        }
    }

    /// <summary>Starts it without an object.</summary>
    public static FakeKubernetes Start(System.Security.Cryptography.X509Certificates.X509Certificate2? certificate = null)
    {
        var api = new FakeKubernetes();
        api.Server = FakeServer.Start(api.Answer, certificate);
        return api;
    }

    /// <summary>Serves ClusterNetworkPolicies, as after their definition was installed.</summary>
    /// <param name="path">Where.</param>
    public void Serve(string path)
    {
        lock (changing)
            collections[path] = new("ClusterNetworkPolicy", string.Join('/', path.Split('/')[2..4]));
    }

    /// <summary>Ends that: the objects go, then the kind, and the watches end.</summary>
    public void Withdraw(string path)
    {
        foreach (var name in Names(path))
            Delete(path, name);
        lock (changing)
        {
            collections.Remove(path, out var gone);
            foreach (var watch in gone!.Watches)
                watch.Writer.TryComplete();
        }
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
        Put(Nodes, node);
    }

    /// <summary>Adds or replaces an object; no event if nothing differs.</summary>
    /// <param name="path">Where its kind is.</param>
    /// <param name="item">The object, with a name; its uid stays if it is replaced.</param>
    public void Put(string path, JsonObject item)
    {
        lock (changing)
        {
            var collection = collections[path];
            var name = NameOf(item);
            var known = collection.Objects.GetValueOrDefault(name);
            item["metadata"]!["uid"] ??= known?["metadata"]!["uid"]?.DeepClone() ?? $"uid-of-{name}";
            if (known is not null)
                item["metadata"]!["resourceVersion"] = known["metadata"]!["resourceVersion"]!.DeepClone();
            if (known is not null && JsonNode.DeepEquals(known, item))
                return;
            collection.Objects[name] = item;
            Tell(collection, known is null ? "ADDED" : "MODIFIED", item);
        }
    }

    private static string NameOf(JsonObject item) =>
        (string?)item["metadata"]!["namespace"] is { } home ? $"{home}/{item["metadata"]!["name"]}" : $"{item["metadata"]!["name"]}";

    /// <summary>Changes a Node; no event if nothing differs.</summary>
    public void Edit(string name, Action<JsonObject> edit) => Edit(Nodes, name, edit);

    /// <summary>Changes an object; no event if nothing differs.</summary>
    public void Edit(string path, string name, Action<JsonObject> edit)
    {
        lock (changing)
        {
            var collection = collections[path];
            var next = (JsonObject)collection.Objects[name].DeepClone();
            edit(next);
            if (JsonNode.DeepEquals(next, collection.Objects[name]))
                return;
            collection.Objects[name] = next;
            Tell(collection, "MODIFIED", next);
        }
    }

    /// <summary>Takes a Node away.</summary>
    public void Delete(string name) => Delete(Nodes, name);

    /// <summary>Takes an object away; no event if it is absent.</summary>
    public void Delete(string path, string name)
    {
        lock (changing)
        {
            if (collections[path].Objects.Remove(name, out var item))
                Tell(collections[path], "DELETED", item);
        }
    }

    /// <summary>A Node as it is now.</summary>
    public JsonObject Read(string name)
    {
        lock (changing)
            return (JsonObject)nodes.Objects[name].DeepClone();
    }

    /// <summary>The names of a kind's objects.</summary>
    public IReadOnlyList<string> Names(string path)
    {
        lock (changing)
            return [.. collections[path].Objects.Keys];
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
            foreach (var collection in collections.Values)
            {
                collection.History.Clear();
                collection.Moments.Clear();
            }
        }
    }

    /// <summary>Changes the version without a word about objects, as those of other kinds do.</summary>
    public void Pass(int versions)
    {
        lock (changing)
            version += versions;
    }

    /// <summary>Tells all watches how far they are.</summary>
    public void Bookmark()
    {
        lock (changing)
        {
            foreach (var collection in collections.Values)
                collection.Send(
                    new FakeLine(
                        """{"type":"BOOKMARK","object":"""
                            + $$"""{"kind":"{{collection.Kind}}","apiVersion":"{{collection.ApiVersion}}","metadata":"""
                            + $$"""{"resourceVersion":"{{version}}","creationTimestamp":null},"spec":{},"status":{} } }"""
                    )
                );
        }
    }

    /// <summary>Sends a line of one's own to all watches of Nodes.</summary>
    public void Send(string line) => Send(Nodes, line);

    /// <summary>Sends a line of one's own to all watches of a kind.</summary>
    public void Send(string path, string line)
    {
        lock (changing)
            collections[path].Send(new FakeLine(line));
    }

    /// <summary>Sends a part of a line to all watches of a kind, and closes their connections.</summary>
    public void Cut(string path, string part)
    {
        lock (changing)
            collections[path].Send(new FakeLine(part, IsCut: true));
    }

    /// <summary>Ends all watches as the server does after their time.</summary>
    public void EndWatches()
    {
        lock (changing)
        {
            foreach (var watch in collections.Values.SelectMany(static collection => collection.Watches))
                watch.Writer.TryComplete();
        }
    }

    private void Tell(FakeCollection collection, string type, JsonObject item)
    {
        version++;
        item["metadata"]!["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture);
        var line = $$"""{"type":"{{type}}","object":{{item.ToJsonString()}}}""";
        collection.History.Add((version, line));
        collection.Send(new FakeLine(line));
    }

    private FakeAnswer Answer(FakeRequest request)
    {
        if (Instead(request) is { } other)
            return other;
        if (Token is { } token && request.Headers.GetValueOrDefault("Authorization") != $"Bearer {token}")
            return FakeAnswer.Refusal(401, "Unauthorized", "Unauthorized");
        lock (changing)
        {
            var collection = collections.GetValueOrDefault(request.Path);
            return request switch
            {
                { Method: "GET", IsWatch: true } when collection is not null => Watch(collection, request),
                { Method: "GET" } when collection is not null => List(collection, request),
                { Method: "POST" } when request.Path.EndsWith("/events", StringComparison.Ordinal) => AddEvent(request),
                { Method: "PATCH" } when request.Path.Contains("/events/", StringComparison.Ordinal) => PatchEvent(request),
                { Method: "PATCH" } => PatchNode(request),
                _ => FakeAnswer.Refusal(404, "NotFound", "there is no such thing"),
            };
        }
    }

    private FakeAnswer List(FakeCollection collection, FakeRequest request)
    {
        var limit = int.Parse(request.Query.GetValueOrDefault("limit", "0"), CultureInfo.InvariantCulture);
        var (moment, skip) = (version, 0);
        if (request.Query.TryGetValue("continue", out var next))
        {
            var parts = Encoding.ASCII.GetString(Convert.FromBase64String(next)).Split(' ');
            (moment, skip) = (long.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture));
            if (!collection.Moments.ContainsKey(moment))
                return FakeAnswer.Refusal(410, "Expired", "The provided continue parameter is too old");
        }
        else
        {
            collection.Moments[moment] = collection.Objects.Values.Select(item => item.ToJsonString()).ToList();
        }

        var all = collection.Moments[moment];
        var page = limit == 0 ? all : all.Skip(skip).Take(limit).ToList();
        var rest =
            skip + page.Count < all.Count
                ? Convert.ToBase64String(
                    Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{moment} {skip + page.Count}"))
                )
                : "";
        var body =
            $$"""{"kind":"{{collection.Kind}}List","apiVersion":"{{collection.ApiVersion}}","metadata":"""
            + $$"""{"continue":"{{rest}}","resourceVersion":"{{moment}}"},"items":[{{string.Join(',', page)}}]}""";
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

    private FakeAnswer Watch(FakeCollection collection, FakeRequest request)
    {
        var from = long.Parse(request.Query["resourceVersion"], CultureInfo.InvariantCulture);
        const string Gone =
            """{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version","reason":"Expired","code":410}""";
        if (from < forgotten && !TellsGoneInWatch)
            return new FakeAnswer(410, Gone);
        var channel = Channel.CreateUnbounded<FakeLine>();
        if (from < forgotten)
        {
            channel.Writer.TryWrite(new FakeLine($$"""{"type":"ERROR","object":{{Gone}}}"""));
            channel.Writer.Complete();
        }
        else
        {
            foreach (var (_, line) in collection.History.Where(happened => happened.Version > from))
                channel.Writer.TryWrite(new FakeLine(line));
            collection.Watches.Add(channel);
        }

        return new FakeAnswer(200)
        {
            Headers = ["Transfer-Encoding: chunked"],
            Stream = (stream, cancellation) => WatchAsync(stream, (collection, channel), cancellation),
        };
    }

    private async Task WatchAsync(Stream stream, (FakeCollection Of, Channel<FakeLine> Channel) watch, CancellationToken cancellation)
    {
        var isBegun = false;
        try
        {
            await stream.FlushAsync(cancellation);
            lock (changing)
                watch.Of.Begun++;
            isBegun = true;
            await foreach (var (text, isCut) in watch.Channel.Reader.ReadAllAsync(cancellation))
            {
                var bytes = Encoding.UTF8.GetBytes(isCut ? text : text + "\n");
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), cancellation);
                await stream.WriteAsync(bytes, cancellation);
                await stream.WriteAsync("\r\n"u8.ToArray(), cancellation);
                if (isCut)
                    return;
            }

            await stream.WriteAsync("0\r\n\r\n"u8.ToArray(), cancellation);
        }
        finally
        {
            lock (changing)
            {
                watch.Of.Watches.Remove(watch.Channel);
                if (isBegun)
                    watch.Of.Begun--;
            }
        }
    }

    private FakeAnswer PatchNode(FakeRequest request)
    {
        var parts = request.Path.Split('/');
        var isStatus = parts[^1] == "status";
        var name = parts[isStatus ? ^2 : ^1];
        if (!nodes.Objects.TryGetValue(name, out var before))
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

        return new FakeAnswer(200, nodes.Objects.GetValueOrDefault(name, before).ToJsonString());
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
