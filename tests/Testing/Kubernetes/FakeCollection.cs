using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Plugboard.Testing.Kubernetes;

/// <summary>The objects of one kind in an API of the tests; its owner has the lock.</summary>
internal sealed class FakeCollection(string kind, string apiVersion)
{
    /// <summary>The objects by <c>namespace/name</c>, or by name.</summary>
    public SortedDictionary<string, JsonObject> Objects { get; } = new(StringComparer.Ordinal);

    /// <summary>What happened since the last compaction.</summary>
    public List<(long Version, string Line)> History { get; } = [];

    /// <summary>The objects at the versions of lists that may go on.</summary>
    public Dictionary<long, List<string>> Moments { get; } = [];

    /// <summary>The watches that run.</summary>
    public List<Channel<FakeLine>> Watches { get; } = [];

    /// <summary>How many of them the other side has been told of.</summary>
    public int Begun { get; set; }

    /// <summary>The kind.</summary>
    public string Kind { get; } = kind;

    /// <summary>Its group and version.</summary>
    public string ApiVersion { get; } = apiVersion;

    /// <summary>Sends a line to all watches.</summary>
    public void Send(FakeLine line)
    {
        foreach (var watch in Watches)
            watch.Writer.TryWrite(line);
    }
}

/// <summary>What a watch sends.</summary>
/// <param name="Text">The line.</param>
/// <param name="IsCut">The connection ends behind it, without the line's end and without a word.</param>
internal readonly record struct FakeLine(string Text, bool IsCut = false);
