using System.Text.Json;
using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>The head of a network config, as far as every plugin validates it. Source: CNI specification 1.1.0, section 1.</summary>
public sealed class NetworkConfig
{
    private NetworkConfig(ConfigNode root, string name)
    {
        Root = root;
        Name = name;
    }

    /// <summary>The whole config.</summary>
    public ConfigNode Root { get; }

    /// <summary>The network's name.</summary>
    public string Name { get; }

    /// <summary>Reads standard input.</summary>
    /// <exception cref="CniException">Code 6: it is no JSON object, or its name no text. Code 7: the name is missing or wrong.</exception>
    public static NetworkConfig Parse(byte[] stdin)
    {
        var value = JsonText.Parse(stdin, "error unmarshall network config");
        if (value.Kind == JsonValueKind.Null)
            throw MissingName();
        var root = new ConfigNode(value, "");
        if (value.Kind != JsonValueKind.Object)
            throw Undecodable("error unmarshall network config", root.Mismatch("an object"));
        if (root.Find("name") is not { } node)
            throw MissingName();
        if (node.Value.Kind != JsonValueKind.String)
            throw Undecodable("error unmarshall network config", node.Mismatch("a text"));
        var name = node.AsString();
        if (name.Length == 0)
            throw MissingName();
        if (!CniEnvironment.IsName(name))
            throw new CniException(CniErrorCode.InvalidNetworkConfig, "invalid characters found in network name", Excerpt.Of(name));
        return new NetworkConfig(root, name);
    }

    /// <summary>Refuses an ADD to a network whose name no directory can have.</summary>
    /// <exception cref="CniException">Code 7: the name is too long.</exception>
    public void RequireStorableName()
    {
        if (Name.Length > CniEnvironment.LongestName)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "network name is too long",
                $"it has {Name.Length} characters; it names directories on the node, which have at most {CniEnvironment.LongestName}"
            );
        }
    }

    /// <summary>The config's <c>cniVersion</c>, supported or not; 0.1.0 where it says none.</summary>
    /// <exception cref="CniException">Code 6: it is no text.</exception>
    public string DecodeVersion()
    {
        if (Root.Find("cniVersion") is not { } node)
            return CniVersions.Oldest;
        if (node.Value.Kind != JsonValueKind.String)
            throw Undecodable("decoding version from network config", node.Mismatch("a text"));
        return node.AsString() is { Length: > 0 } version ? version : CniVersions.Oldest;
    }

    /// <summary>The config of one plugin of this list, as a runtime passes it: with the list's name and a version.</summary>
    /// <param name="plugin">An entry of <c>plugins</c>: an object.</param>
    /// <param name="version">The version of the call.</param>
    public byte[] OfPlugin(ConfigNode plugin, string version)
    {
        var config = JsonMembers.From(plugin.Value);
        config.Set("cniVersion", JsonValue.Of(version));
        config.Set("name", JsonValue.Of(Name));
        return config.ToBytes();
    }

    private static CniException MissingName() => new(CniErrorCode.InvalidNetworkConfig, "missing network name");

    private static CniException Undecodable(string prefix, string what) =>
        new(CniErrorCode.DecodingFailure, $"{prefix}: {what}", "correct the network config");
}
