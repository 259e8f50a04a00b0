using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// The bodies of etcd's JSON gateway: protocol buffers as JSON, bytes in base64, 64-bit numbers as strings, zeros and false left out.
/// Pure. Source: etcd/etcdserver/etcdserverpb/rpc.proto.
/// </summary>
internal static class EtcdMessages
{
    /// <summary>All keys of a prefix.</summary>
    public static byte[] Range(string prefix) => Write(json => WritePrefix(json, prefix));

    /// <summary>A lease of so many seconds.</summary>
    public static byte[] Grant(long seconds) => Write(json => WriteNumber(json, "TTL", seconds));

    /// <summary>A lease by its number: to end, to renew, or to ask how long it lasts.</summary>
    public static byte[] Lease(long lease) => Write(json => WriteNumber(json, "ID", lease));

    /// <summary>The client.</summary>
    public static byte[] Authenticate(string name, string password) =>
        Write(json =>
        {
            json.WriteString("name", name);
            json.WriteString("password", password);
        });

    /// <summary>All changes of a prefix's keys from a revision on.</summary>
    public static byte[] Watch(string prefix, long revision) =>
        Write(json =>
        {
            json.WriteStartObject("create_request");
            WritePrefix(json, prefix);
            WriteNumber(json, "start_revision", revision);
            json.WriteEndObject();
        });

    /// <summary>A transaction.</summary>
    public static byte[] Transaction(EtcdTransaction transaction) =>
        Write(json =>
        {
            json.WriteStartArray("compare");
            if (transaction.AbsentPrefix is { } prefix)
                WriteCompare(json, prefix, ("VERSION", "EQUAL", 0), isPrefix: true);
            if (transaction.NothingNewPrefix is { } parent)
                WriteCompare(json, parent, ("CREATE", "LESS", transaction.NothingNewSince + 1), isPrefix: true);
            if (transaction.UnchangedKey is { } key)
                WriteCompare(json, key, ("MOD", "EQUAL", transaction.UnchangedSince), isPrefix: false);
            json.WriteEndArray();
            json.WriteStartArray("success");
            if (transaction.Put is { } put)
                WritePut(json, put);
            if (transaction.Delete is { } delete)
            {
                json.WriteStartObject();
                json.WriteStartObject("request_delete_range");
                json.WriteBase64String("key", Encoding.UTF8.GetBytes(delete));
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });

    private static void WritePut(Utf8JsonWriter json, EtcdEntry put)
    {
        json.WriteStartObject();
        json.WriteStartObject("request_put");
        json.WriteBase64String("key", Encoding.UTF8.GetBytes(put.Key));
        json.WriteBase64String("value", Encoding.UTF8.GetBytes(put.Value!));
        WriteNumber(json, "lease", put.Lease);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteCompare(Utf8JsonWriter json, string key, (string Target, string Result, long Number) condition, bool isPrefix)
    {
        json.WriteStartObject();
        json.WriteString("target", condition.Target);
        json.WriteString("result", condition.Result);
        if (isPrefix)
            WritePrefix(json, key);
        else
            json.WriteBase64String("key", Encoding.UTF8.GetBytes(key));
        var name = condition.Target switch
        {
            "MOD" => "mod_revision",
            "CREATE" => "create_revision",
            _ => "version",
        };
        WriteNumber(json, name, condition.Number);
        json.WriteEndObject();
    }

    private static void WritePrefix(Utf8JsonWriter json, string prefix)
    {
        var bytes = Encoding.UTF8.GetBytes(prefix);
        json.WriteBase64String("key", bytes);
        // The first that does not begin with it; UTF-8 has no byte 0xff.
        bytes[^1]++;
        json.WriteBase64String("range_end", bytes);
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long number) =>
        json.WriteString(name, number.ToString(CultureInfo.InvariantCulture));

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The keys of a range response, and its revision.</summary>
    /// <exception cref="JsonException">The answer is not JSON.</exception>
    public static EtcdList ReadRange(ReadOnlySpan<byte> answer)
    {
        // All of it first: what is no JSON is not reported as JSON of another shape.
        var whole = new Utf8JsonReader(answer);
        while (whole.Read())
            continue;
        var reader = new Utf8JsonReader(answer);
        var entries = new List<EtcdEntry>();
        var (revision, cluster) = (0L, "");
        reader.Read();
        Expect(reader.TokenType, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("kvs"u8))
                ReadEntries(ref reader, entries);
            else if (reader.ValueTextEquals("header"u8))
                (revision, cluster) = ReadHeader(ref reader);
            else
                reader.Skip();
        }

        return new EtcdList(revision, entries) { ClusterId = cluster };
    }

    // Entry by entry: a document of all would take as much memory again, from the process's pool, where it would stay.
    private static void ReadEntries(ref Utf8JsonReader reader, List<EtcdEntry> entries)
    {
        reader.Read();
        Expect(reader.TokenType, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            using var item = JsonDocument.ParseValue(ref reader);
            entries.Add(ReadEntry(item.RootElement, isDeleted: false));
        }
    }

    private static (long Revision, string Cluster) ReadHeader(ref Utf8JsonReader reader)
    {
        reader.Read();
        using var header = JsonDocument.ParseValue(ref reader);
        return (
            Number(header.RootElement, "revision"),
            header.RootElement.TryGetProperty("cluster_id", out var cluster) ? cluster.ToString() : ""
        );
    }

    private static void Expect(JsonTokenType token, JsonTokenType expected)
    {
        if (token != expected)
            throw new InvalidOperationException($"{token} instead of {expected}");
    }

    /// <summary>
    /// The changes of a watch response, in order, and the revision they lead to; 0 if it has none. The header's revision is the store's at
    /// the time of the response: changes up to it may still follow in later responses.
    /// </summary>
    public static EtcdList ReadEvents(JsonElement result)
    {
        var entries = new List<EtcdEntry>();
        if (result.TryGetProperty("events", out var list))
        {
            foreach (var item in list.EnumerateArray())
                entries.Add(ReadEntry(item.GetProperty("kv"), item.TryGetProperty("type", out var type) && type.GetString() == "DELETE"));
        }

        return new EtcdList(entries.Count == 0 ? 0 : entries.Max(entry => entry.ModRevision), entries);
    }

    /// <summary>A 64-bit number of an answer; 0 where it is left out.</summary>
    public static long Number(JsonElement answer, string name)
    {
        if (!answer.TryGetProperty(name, out var value))
            return 0;
        return value.ValueKind == JsonValueKind.String
            ? long.Parse(value.GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
            : value.GetInt64();
    }

    /// <summary>A truth of an answer; false if it is left out.</summary>
    public static bool Truth(JsonElement answer, string name) => answer.TryGetProperty(name, out var value) && value.GetBoolean();

    /// <summary>The revision in an answer's header.</summary>
    public static long Revision(JsonElement answer) => answer.TryGetProperty("header", out var header) ? Number(header, "revision") : 0;

    private static EtcdEntry ReadEntry(JsonElement kv, bool isDeleted) =>
        new(
            Encoding.UTF8.GetString(kv.GetProperty("key").GetBytesFromBase64()),
            isDeleted ? null
                : kv.TryGetProperty("value", out var value) ? Encoding.UTF8.GetString(value.GetBytesFromBase64())
                : "",
            Number(kv, "mod_revision"),
            Number(kv, "lease")
        );
}
