using System.Text.Json.Nodes;

namespace Plugboard.Testing.Kubernetes;

/// <summary>What a server of the tests was asked.</summary>
public sealed record FakeRequest(
    string Method,
    string Path,
    IReadOnlyDictionary<string, string> Query,
    IReadOnlyDictionary<string, string> Headers,
    string Body
)
{
    /// <summary>Whether it asks for a watch.</summary>
    public bool IsWatch => Query.ContainsKey("watch");

    /// <summary>Whether it asks for a list of Nodes.</summary>
    public bool IsList => Method == "GET" && Path == "/api/v1/nodes" && !IsWatch;

    /// <summary>Its body.</summary>
    public JsonNode Json => JsonNode.Parse(Body)!;
}
