using System.Text.Json.Nodes;

namespace Plugboard.Benchmarks;

/// <summary>A pod: a network namespace, which is also its container id, and what its ADD returned.</summary>
internal sealed class Pod(string name)
{
    /// <summary>The namespace's name below /run/netns.</summary>
    public string Name { get; } = name;

    /// <summary>What ADD returned; null before.</summary>
    public JsonNode? Result { get; set; }

    /// <summary>The first address that ADD returned.</summary>
    public string Address => (string)Result!["ips"]![0]!["address"]!;
}
