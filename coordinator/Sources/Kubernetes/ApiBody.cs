namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>A request's body.</summary>
/// <param name="Json">UTF-8.</param>
/// <param name="Type">Its media type: the kind of a patch.</param>
internal sealed record ApiBody(byte[] Json, string Type)
{
    /// <summary>Lists are merged by their keys.</summary>
    public const string StrategicMerge = "application/strategic-merge-patch+json";

    /// <summary>A list of operations, RFC 6902.</summary>
    public const string JsonPatch = "application/json-patch+json";

    /// <summary>An object.</summary>
    public const string Plain = "application/json";
}
