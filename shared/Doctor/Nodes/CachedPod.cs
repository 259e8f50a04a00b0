using System.Text.Json;
using Plugboard.Addresses;

namespace Plugboard.Doctor.Nodes;

/// <summary>What the runtime's cache says of one attachment.</summary>
/// <param name="Network">The network's name.</param>
/// <param name="ContainerId">The container, which is the pod's sandbox.</param>
/// <param name="IfName">The interface in it.</param>
internal sealed record CachedPod(string Network, string ContainerId, string IfName)
{
    /// <summary>The path of its network namespace; empty if unknown.</summary>
    public string NetNs { get; init; } = "";

    /// <summary>The addresses it got.</summary>
    public IReadOnlyList<IPAddr> Addresses { get; init; } = [];

    /// <summary>Reads a file of the cache; null if it names no pod, as a truncated file.</summary>
    public static CachedPod? TryParse(ReadOnlyMemory<byte> content)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            var root = document.RootElement;
            if (Text(root, "kind") != "cniCacheV1")
                return null;
            root.TryGetProperty("result", out var result);
            var ifName = Text(root, "ifName");
            return new CachedPod(Text(root, "networkName"), Text(root, "containerId"), ifName)
            {
                // libcni before 1.2 does not write it; the result has it where the plugin names the interface.
                NetNs = Text(root, "netns") is { Length: > 0 } path ? path : SandboxOf(result, ifName),
                Addresses = AddressesOf(result),
            };
        }
        // InvalidOperationException: a string that is not UTF-8.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string SandboxOf(JsonElement result, string ifName)
    {
        if (
            result.ValueKind != JsonValueKind.Object
            || !result.TryGetProperty("interfaces", out var interfaces)
            || interfaces.ValueKind != JsonValueKind.Array
        )
            return "";
        foreach (var each in interfaces.EnumerateArray())
        {
            if (Text(each, "name") == ifName && Text(each, "sandbox") is { Length: > 0 } sandbox)
                return sandbox;
        }

        return "";
    }

    private static List<IPAddr> AddressesOf(JsonElement result)
    {
        var addresses = new List<IPAddr>();
        if (result.ValueKind != JsonValueKind.Object || !result.TryGetProperty("ips", out var ips) || ips.ValueKind != JsonValueKind.Array)
            return addresses;
        foreach (var ip in ips.EnumerateArray())
        {
            if (IPPrefix.TryParse(Text(ip, "address"), out var address))
                addresses.Add(address.Address);
        }

        return addresses;
    }

    private static string Text(JsonElement node, string name) =>
        node.ValueKind == JsonValueKind.Object && node.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";
}
