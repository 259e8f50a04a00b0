using System.Globalization;
using System.Text.Json;
using Plugboard.Protocols.Cni;

namespace Plugboard.Protocols.FlexVolume;

/// <summary>
/// The administrator's config of one driver: a JSON object without unknown keys, because an ignored key is a rule that does not apply.
/// </summary>
public sealed class FlexConfig
{
    /// <summary>All keys.</summary>
    public static IReadOnlyList<string> Keys { get; } =
    [
        "roots",
        "shared",
        "servers",
        "credentialFiles",
        "allowedMountOptions",
        "forbiddenMountOptions",
        "forcedMountOptions",
        "allowSuid",
        "allowDevices",
        "mountTimeoutSeconds",
        "unmountTimeoutSeconds",
        "force",
        "requireSharedPropagation",
        "mkfsOptions",
        "nodeagent_management_home",
        "nodeagent_workload_home",
        "nodeagent_credentials_home",
        "log_level",
        "k8s_version",
    ];

    private readonly JsonValue root;

    private FlexConfig(JsonValue root) => this.root = root;

    /// <summary>Reads a config.</summary>
    /// <exception cref="FlexConfigKeyException">It has an unknown key.</exception>
    /// <exception cref="FlexException">It is not an object.</exception>
    public static FlexConfig Parse(ReadOnlySpan<byte> text)
    {
        var config = new FlexConfig(FlexJson.ParseObject(text, "the node config"));
        foreach (var name in config.root.Names)
        {
            if (!Keys.Contains(name, StringComparer.Ordinal))
                throw new FlexConfigKeyException(name, FlexJson.LineOf(text, name));
        }

        return config;
    }

    /// <summary>A list of texts; null if it is absent.</summary>
    public IReadOnlyList<string>? Texts(string name) => Find(name) is { } value ? Texts(name, value) : null;

    /// <summary>A text; null if it is absent.</summary>
    public string? Text(string name) =>
        Find(name) is { } value
            ? Is(value, JsonValueKind.String)
                ? value.Text
                : throw Wrong(name, "a text")
            : null;

    /// <summary>True or false; null if it is absent.</summary>
    public bool? Flag(string name) =>
        Find(name)?.Kind switch
        {
            null => null,
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(name, "true or false"),
        };

    /// <summary>A number of seconds from 1 to an hour; null if it is absent.</summary>
    public TimeSpan? Seconds(string name)
    {
        if (Find(name) is not { } value)
            return null;
        return
            Is(value, JsonValueKind.Number)
            && int.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds is > 0 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : throw Wrong(name, "a number of seconds from 1 to 3600");
    }

    /// <summary>Lists of texts by their names; null if it is absent.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Lists(string name)
    {
        if (Find(name) is not { } value)
            return null;
        if (!Is(value, JsonValueKind.Object))
            throw Wrong(name, "an object of lists of texts");
        var lists = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        for (var i = 0; i < value.Names.Count; i++)
            lists[value.Names[i]] = Texts(name, value.Values[i]);
        return lists;
    }

    private static List<string> Texts(string name, JsonValue value)
    {
        if (!Is(value, JsonValueKind.Array))
            throw Wrong(name, "a list of texts");
        var texts = new List<string>();
        foreach (var each in value.Values)
            texts.Add(Is(each, JsonValueKind.String) ? each.Text : throw Wrong(name, "a list of texts"));
        return texts;
    }

    private JsonValue? Find(string name)
    {
        for (var i = root.Names.Count - 1; i >= 0; i--)
        {
            if (root.Names[i] == name)
                return root.Values[i].Kind == JsonValueKind.Null ? null : root.Values[i];
        }

        return null;
    }

    private static bool Is(JsonValue value, JsonValueKind kind) => value.Kind == kind;

    private static FlexException Wrong(string name, string wanted) => new($"\"{name}\" of the node config is not {wanted}");
}
