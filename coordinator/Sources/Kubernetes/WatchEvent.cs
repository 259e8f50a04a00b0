using System.Text.Json;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>An event of a watch.</summary>
/// <param name="Type">ADDED, MODIFIED, DELETED or BOOKMARK.</param>
/// <param name="Version">The version that the watch has reached; empty: it does not say.</param>
/// <param name="Object">The object; default of a bookmark.</param>
internal sealed record WatchEvent<T>(string Type, string Version, T? Object)
{
    /// <summary>True if it only says how far the watch is.</summary>
    public bool IsBookmark => Type == "BOOKMARK";

    /// <summary>Reads an event; one of type ERROR is thrown.</summary>
    /// <exception cref="ApiException">The event reports a failure, or is invalid.</exception>
    public static WatchEvent<T> Read(ReadOnlyMemory<byte> json, ResourceKind kind, ObjectReader<T> read)
    {
        var (type, from, length) = Safely(json.Span, Split);
        var item = json.Slice(from, length);
        if (type == "ERROR")
            throw ApiStatus.Read(item).ToException($"the watch of {kind.Plural}", status: 0, retryAfter: null);
        if (type is not ("ADDED" or "MODIFIED" or "DELETED" or "BOOKMARK") || length == 0)
            throw new ApiException("the Kubernetes API sent an invalid watch event");
        var version = Safely(item.Span, ReadVersion);
        return type == "BOOKMARK" ? new(type, version, default) : new(type, version, read(item.Span));
    }

    private static TResult Safely<TResult>(ReadOnlySpan<byte> json, Func<ReadOnlySpan<byte>, TResult> split)
    {
        try
        {
            return split(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ApiException($"the Kubernetes API sent an invalid watch event: {JsonFields.Describe(e)}", e);
        }
    }

    private static (string Type, int From, int Length) Split(ReadOnlySpan<byte> json)
    {
        var reader = JsonFields.Open(json);
        reader.Read();
        var (type, from, length) = ("", 0, 0);
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("type"u8))
            {
                type = JsonFields.Text(ref reader) ?? "";
            }
            else if (reader.ValueTextEquals("object"u8))
            {
                reader.Read();
                from = (int)reader.TokenStartIndex;
                reader.Skip();
                length = (int)reader.BytesConsumed - from;
            }
            else
            {
                reader.Skip();
            }
        }

        return (type, from, length);
    }

    private static string ReadVersion(ReadOnlySpan<byte> json)
    {
        var reader = JsonFields.Open(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return "";
        while (JsonFields.Next(ref reader))
        {
            if (!reader.ValueTextEquals("metadata"u8))
            {
                reader.Skip();
                continue;
            }

            if (!JsonFields.Enter(ref reader, JsonTokenType.StartObject))
                return "";
            while (JsonFields.Next(ref reader))
            {
                if (reader.ValueTextEquals("resourceVersion"u8))
                    return JsonFields.Text(ref reader) ?? "";
                reader.Skip();
            }

            return "";
        }

        return "";
    }
}
