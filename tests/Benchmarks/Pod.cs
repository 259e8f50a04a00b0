using System.Text.Json.Nodes;

namespace Plugboard.Benchmarks;

/// <summary>A pod: a network namespace, which is also its container id, and what its ADD returned.</summary>
/// <param name="name">The namespace's name below /run/netns.</param>
/// <param name="number">The pod's place among its side's.</param>
internal sealed class Pod(string name, int number)
{
    /// <summary>The namespace's name below /run/netns.</summary>
    public string Name { get; } = name;

    /// <summary>Its place among its side's, from 1: a VLAN's number too.</summary>
    public int Number { get; } = number + 1;

    /// <summary>The first of the two host ports it publishes, if any.</summary>
    public int FirstPort { get; } = 10000 + 2 * number;

    /// <summary>What ADD returned; null before.</summary>
    public JsonNode? Result { get; set; }

    /// <summary>The first address that ADD returned.</summary>
    public string Address => (string)Result!["ips"]![0]!["address"]!;
}
