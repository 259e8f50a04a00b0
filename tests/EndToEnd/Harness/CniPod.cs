using System.Text.Json.Nodes;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>A pod: a network namespace with a container id.</summary>
internal sealed class CniPod(string containerId) : TestNamespace
{
    /// <summary>CNI_CONTAINERID.</summary>
    public string ContainerId { get; } = containerId;

    /// <summary>CNI_IFNAME.</summary>
    public string IfName { get; init; } = "eth0";

    /// <summary>What its ADD returned, which CHECK and DEL get as prevResult; null before.</summary>
    public JsonNode? Result { get; set; }

    /// <summary>The addresses that ADD returned, with their lengths.</summary>
    public IReadOnlyList<string> Addresses => [.. Result!["ips"]!.AsArray().Select(static ip => (string)ip!["address"]!)];

    /// <summary>The first address that ADD returned, without its length.</summary>
    public string Address => Addresses[0].Split('/')[0];
}
