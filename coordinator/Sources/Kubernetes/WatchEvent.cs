using System.Text.Json;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>An event of a watch.</summary>
/// <param name="Type">ADDED, MODIFIED, DELETED or BOOKMARK.</param>
/// <param name="Node">The Node; of a bookmark only its version.</param>
internal sealed record WatchEvent(string Type, NodeObject Node)
{
    /// <summary>Reads an event; one of type ERROR is thrown.</summary>
    /// <exception cref="ApiException">The event reports a failure, or is invalid.</exception>
    public static WatchEvent Read(ReadOnlyMemory<byte> json, NodeReader nodes)
    {
        var (type, from, length) = SplitSafely(json.Span);
        if (type == "ERROR")
            throw ApiStatus.Read(json.Slice(from, length)).ToException("the watch of nodes", status: 0, retryAfter: null);
        if (type is not ("ADDED" or "MODIFIED" or "DELETED" or "BOOKMARK") || length == 0)
            throw new ApiException("the Kubernetes API sent an invalid watch event");
        return new WatchEvent(type, nodes.Read(json.Span.Slice(from, length)));
    }

    private static (string Type, int From, int Length) SplitSafely(ReadOnlySpan<byte> json)
    {
        try
        {
            return Split(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ApiException($"the Kubernetes API sent an invalid watch event: {JsonFields.Describe(e)}", e);
        }
    }

    private static (string Type, int From, int Length) Split(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
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
}
