using System.Buffers;
using System.Text.Json;

namespace Plugboard.Install;

/// <summary>
/// What is remembered of one target. It is written before the rename, so the target is the current one, or still the one before.
/// </summary>
/// <param name="Current">What was placed last.</param>
/// <param name="Previous">What stood there before that; null where nothing did.</param>
/// <param name="Ours">The digests that were placed, newest first.</param>
public sealed record InstallRecord(ExecutableFacts Current, ExecutableFacts? Previous, IReadOnlyList<string> Ours)
{
    private const int MostDigests = 16;

    /// <summary>True for the digest of something that was placed from a source, and not put back from what was found.</summary>
    public bool IsOurs(string digest) => Ours.Contains(digest, StringComparer.Ordinal);

    /// <summary>What is known of a digest; null where it is neither the current nor the previous one.</summary>
    public ExecutableFacts? Find(string digest) =>
        Current.Digest == digest ? Current
        : Previous?.Digest == digest ? Previous
        : null;

    /// <summary>The digests with one more in front.</summary>
    public static IReadOnlyList<string> Remember(IReadOnlyList<string> ours, string digest) =>
        [.. ours.Where(each => each != digest).Prepend(digest).Take(MostDigests)];

    /// <summary>As it is written, one line of JSON.</summary>
    public byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            Write(json, "current", Current);
            if (Previous is not null)
                Write(json, "previous", Previous);
            json.WriteStartArray("ours");
            foreach (var digest in Ours)
                json.WriteStringValue(digest);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string name, ExecutableFacts facts)
    {
        json.WriteStartObject(name);
        json.WriteString("digest", facts.Digest);
        json.WriteNumber("size", facts.Size);
        json.WriteString("since", facts.Since);
        json.WriteString("by", facts.By);
        if (facts.Version is not null)
            json.WriteString("version", facts.Version);
        if (facts.BuildId is not null)
            json.WriteString("buildId", facts.BuildId);
        json.WriteEndObject();
    }

    /// <summary>
    /// Reads it; null where it is none, as after a crash of the machine: what it tells is for people and for `uninstall`, which then leaves
    /// the file alone.
    /// </summary>
    public static InstallRecord? Find(byte[] text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            return new InstallRecord(
                Read(root.GetProperty("current")),
                root.TryGetProperty("previous", out var previous) ? Read(previous) : null,
                [.. root.GetProperty("ours").EnumerateArray().Select(static digest => digest.GetString() ?? "")]
            );
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static ExecutableFacts Read(JsonElement facts) =>
        new(
            facts.GetProperty("digest").GetString() ?? "",
            facts.GetProperty("size").GetInt64(),
            Text(facts, "since") ?? "",
            Text(facts, "by") ?? ""
        )
        {
            Version = Text(facts, "version"),
            BuildId = Text(facts, "buildId"),
        };

    private static string? Text(JsonElement facts, string name) => facts.TryGetProperty(name, out var value) ? value.GetString() : null;
}
