using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// Events on objects: one per object and reason, or also per peer, counted up when it recurs, and written at most once in a time. Events
/// that cannot be written are logged and delay nothing.
/// </summary>
internal sealed class ObjectEvents(ApiClient client, KubernetesOptions options, Action<string> log)
{
    private const int MostReasons = 32;
    private const int LongestMessage = 1024;
    private const int LongestName = 200;
    private const string Component = "plugboard-coordinator";

    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private string? complained;
    private int made;

    /// <summary>Records an event of an object.</summary>
    /// <param name="about">The object.</param>
    /// <param name="report">What.</param>
    /// <param name="subject">The peer, if one reason has several events; else empty.</param>
    public void Add(EventSubject about, NodeReport report, string subject = "")
    {
        var now = options.Time.GetUtcNow();
        var key = $"{about.Kind} {about.Namespace}/{about.Name} {report.Reason} {subject}";
        if (!entries.TryGetValue(key, out var entry))
        {
            if (entries.Count == MostReasons)
                entries.Remove(entries.MinBy(known => known.Value.Last).Key);
            entries[key] = entry = new Entry(about) { First = now };
        }

        entry.Report = report;
        entry.Count++;
        entry.Last = now;
        entry.IsDue = true;
    }

    /// <summary>Writes the due events. Returns the time to the next one, infinite if there is no other.</summary>
    public async Task<TimeSpan> WriteAsync(CancellationToken cancellation)
    {
        var rest = Timeout.InfiniteTimeSpan;
        foreach (var entry in entries.Values.Where(entry => entry.IsDue).ToList())
        {
            var left = entry.Written is { } at ? options.EventInterval - options.Time.GetElapsedTime(at) : TimeSpan.Zero;
            if (left > TimeSpan.Zero)
                rest = rest == Timeout.InfiniteTimeSpan || left < rest ? left : rest;
            else
                await WriteAsync(entry, cancellation).ConfigureAwait(false);
        }

        return rest;
    }

    private async Task WriteAsync(Entry entry, CancellationToken cancellation)
    {
        entry.IsDue = false;
        entry.Written = options.Time.GetTimestamp();
        try
        {
            if (entry.Name is null || !await TryCountUpAsync(entry, cancellation).ConfigureAwait(false))
            {
                entry.Name = NewName(entry.About.Name);
                var body = new ApiBody(ToJson(entry), ApiBody.Plain);
                await client.AskAsync(HttpMethod.Post, entry.About.EventPath, body, cancellation).ConfigureAwait(false);
            }

            complained = null;
        }
        catch (ApiException e)
        {
            entry.Name = null;
            if (complained != e.Message)
                log($"the event {entry.Report.Reason} could not be written: {e.Message}");
            complained = e.Message;
        }
    }

    // False: the API server has forgotten it, as it does after an hour.
    private async Task<bool> TryCountUpAsync(Entry entry, CancellationToken cancellation)
    {
        try
        {
            await client
                .AskAsync(
                    HttpMethod.Patch,
                    $"{entry.About.EventPath}/{entry.Name}",
                    new ApiBody(ToJson(entry, isPatch: true), ApiBody.StrategicMerge),
                    cancellation
                )
                .ConfigureAwait(false);
            return true;
        }
        catch (ApiException e) when (e.Status == 404)
        {
            entry.First = entry.Last;
            entry.Count = 1;
            return false;
        }
    }

    private string NewName(string name)
    {
        var part = name.Length <= LongestName ? name : name[..LongestName];
        return string.Create(CultureInfo.InvariantCulture, $"{part}.{options.Time.GetUtcNow().Ticks:x}{made++:x}");
    }

    private byte[] ToJson(Entry entry, bool isPatch = false)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (!isPatch)
                WriteIdentity(json, entry);
            var message = entry.Report.Message;
            json.WriteString("message", message.Length <= LongestMessage ? message : message[..LongestMessage]);
            json.WriteString("lastTimestamp", OwnNodePatch.Text(entry.Last));
            json.WriteNumber("count", entry.Count);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private void WriteIdentity(Utf8JsonWriter json, Entry entry)
    {
        json.WriteString("apiVersion", "v1");
        json.WriteString("kind", "Event");
        json.WriteStartObject("metadata");
        json.WriteString("name", entry.Name);
        json.WriteString("namespace", entry.About.EventNamespace);
        json.WriteEndObject();
        entry.About.Write(json);
        json.WriteString("type", entry.Report.IsReady ? "Normal" : "Warning");
        json.WriteString("reason", entry.Report.Reason);
        json.WriteStartObject("source");
        json.WriteString("component", Component);
        json.WriteString("host", options.NodeName);
        json.WriteEndObject();
        json.WriteString("reportingComponent", Component);
        json.WriteString("reportingInstance", options.NodeName);
        json.WriteString("firstTimestamp", OwnNodePatch.Text(entry.First));
    }

    private sealed class Entry(EventSubject about)
    {
        public EventSubject About { get; } = about;

        public NodeReport Report { get; set; } = new(IsReady: true, "", "");

        public int Count { get; set; }

        public DateTimeOffset First { get; set; }

        public DateTimeOffset Last { get; set; }

        /// <summary>By <see cref="TimeProvider.GetTimestamp"/>: the node's clock may be set.</summary>
        public long? Written { get; set; }

        public bool IsDue { get; set; }

        public string? Name { get; set; }
    }
}
