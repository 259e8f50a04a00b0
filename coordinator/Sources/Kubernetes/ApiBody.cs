namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>What is sent to the API.</summary>
/// <param name="Json">UTF-8.</param>
/// <param name="Type">Its media type: how a patch is meant.</param>
internal sealed record ApiBody(byte[] Json, string Type)
{
    /// <summary>Lists are merged by their keys.</summary>
    public const string StrategicMerge = "application/strategic-merge-patch+json";

    /// <summary>A list of operations, RFC 6902.</summary>
    public const string JsonPatch = "application/json-patch+json";

    /// <summary>An object.</summary>
    public const string Plain = "application/json";
}
