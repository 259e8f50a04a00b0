using System.Text.Json.Nodes;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>
/// Configs as people write them: the usual one and what differs, as a JSON merge patch (RFC 7386; <c>null</c> removes a key).
/// </summary>
internal static class ConfigPatch
{
    /// <summary>The node's usual bridge config with a patch applied.</summary>
    public static JsonObject BridgeConfig(this CniNode node, string patch) => node.BridgeConfig().With(patch);

    /// <summary>A bridge config without addresses, with a patch applied.</summary>
    public static JsonObject Layer2Config(this CniNode node, string patch = "{}") =>
        node.BridgeConfig().With("""{"isGateway":null,"ipam":null}""").With(patch);

    /// <summary>A changed copy.</summary>
    public static JsonObject With(this JsonObject config, string patch)
    {
        var copy = (JsonObject)config.DeepClone();
        Merge(copy, (JsonObject)JsonNode.Parse(patch)!);
        return copy;
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            if (value is null)
                target.Remove(key);
            else if (value is JsonObject inner && target[key] is JsonObject nested)
                Merge(nested, inner);
            else
                target[key] = value.DeepClone();
        }
    }
}
