using System.Globalization;
using System.Text.Json;
using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>
/// A JSON value of a config, read by the rules of Go's encoding/json, which configs in the field rely on: keys match without regard
/// to case, of duplicates the last that is not null wins, null is the same as absent, an unknown key is ignored. A value of the wrong
/// type is a <see cref="CniException"/> with <see cref="CniErrorCode.DecodingFailure"/> that names the key's path, what it wants and what it got.
/// </summary>
/// <param name="element">The value.</param>
/// <param name="path">Where it stands, such as <c>ipam.ranges[0]</c>; empty for the whole config.</param>
public readonly struct ConfigNode(JsonElement element, string path)
{
    /// <summary>The value as it was parsed.</summary>
    public JsonElement Element { get; } = element;

    /// <summary>Where it stands; empty for the whole config.</summary>
    public string Path { get; } = path;

    /// <summary>The member of that name, whatever it is; null where it is absent or null.</summary>
    public ConfigNode? Find(string key)
    {
        Expect(JsonValueKind.Object, "an object");
        ConfigNode? found = null;
        foreach (var member in Element.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null && string.Equals(NameOf(member), key, StringComparison.OrdinalIgnoreCase))
                found = new ConfigNode(member.Value, PathOf(key));
        }

        return found;
    }

    /// <summary>The member of that name, which must be an object; null where it is absent or null.</summary>
    public ConfigNode? FindObject(string key)
    {
        var found = Find(key);
        found?.Expect(JsonValueKind.Object, "an object");
        return found;
    }

    /// <summary>The members of an array; empty where the key is absent or null.</summary>
    public IReadOnlyList<ConfigNode> GetList(string key) => Find(key)?.AsList() ?? [];

    /// <summary>A text; empty where the key is absent or null.</summary>
    public string GetString(string key) => Find(key)?.AsString() ?? "";

    /// <summary>A text; null where the key is absent or null.</summary>
    public string? FindString(string key) => Find(key)?.AsString();

    /// <summary>Texts; empty where the key is absent or null.</summary>
    public IReadOnlyList<string> GetStrings(string key)
    {
        var list = GetList(key);
        var texts = new string[list.Count];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = list[i].Element.ValueKind == JsonValueKind.Null ? "" : list[i].AsString();
        return texts;
    }

    /// <summary>A flag; false where the key is absent or null.</summary>
    public bool GetBool(string key) => FindBool(key) ?? false;

    /// <summary>A flag; null where the key is absent or null.</summary>
    public bool? FindBool(string key) => Find(key) is not { } node ? null : node.Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw node.Wrong("true or false"),
    };

    /// <summary>A whole number of 32 bits; null where the key is absent or null. 1.0 and 1e3 are none, as for Go.</summary>
    public int? FindInt(string key)
    {
        if (Find(key) is not { } node)
            return null;
        return node.Element.ValueKind == JsonValueKind.Number && node.Element.TryGetInt32(out var value)
            ? value
            : throw node.Wrong("a whole number");
    }

    /// <summary>An address; null where the key is absent, null or an empty text. Anything else: Go's <c>invalid IP address: x</c>.</summary>
    public IPAddr? FindAddress(string key)
    {
        if (GetString(key) is not { Length: > 0 } text)
            return null;
        return IPAddr.TryParse(text, out var address)
            ? address
            : throw new CniException(CniErrorCode.DecodingFailure, $"invalid IP address: {text}", $"{PathOf(key)} wants an IPv4 or IPv6 address");
    }

    /// <summary>A prefix, host bits kept; null where the key is absent or null. Anything else: Go's <c>invalid CIDR address: x</c>.</summary>
    public IPPrefix? FindPrefix(string key)
    {
        if (Find(key)?.AsString() is not { } text)
            return null;
        return IPPrefix.TryParse(text, out var prefix)
            ? prefix
            : throw new CniException(CniErrorCode.DecodingFailure, $"invalid CIDR address: {text}", $"{PathOf(key)} wants address/length, such as 10.1.0.0/16");
    }

    /// <summary>This value itself as an array's members.</summary>
    public IReadOnlyList<ConfigNode> AsList()
    {
        Expect(JsonValueKind.Array, "an array");
        var nodes = new ConfigNode[Element.GetArrayLength()];
        var at = 0;
        foreach (var member in Element.EnumerateArray())
        {
            nodes[at] = new ConfigNode(member, Path + "[" + at.ToString(CultureInfo.InvariantCulture) + "]");
            at++;
        }

        return nodes;
    }

    /// <summary>This value itself as a text.</summary>
    public string AsString()
    {
        Expect(JsonValueKind.String, "a text");
        try
        {
            return Element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate such as "\ud800" or bytes that are no UTF-8, which .NET refuses to decode.
            return JsonText.UnquoteLeniently(Element);
        }
    }

    private static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private string PathOf(string key) => Path.Length == 0 ? key : Path + "." + key;

    private void Expect(JsonValueKind kind, string what)
    {
        if (Element.ValueKind != kind)
            throw Wrong(what);
    }

    /// <summary>What is wrong with a value that is not what was wanted: <c>mtu wants a whole number, not a text</c>.</summary>
    internal string Mismatch(string wanted)
    {
        var got = Element.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a text",
            JsonValueKind.Number => "the number " + Shortened(Element.GetRawText()),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => "null",
        };
        return $"{Where} wants {wanted}, not {got}";
    }

    private string Where => Path.Length == 0 ? "the config" : Path;

    private static string Shortened(string number) => number.Length <= 40 ? number : number[..40] + "…";

    private CniException Wrong(string wanted) =>
        new(CniErrorCode.DecodingFailure, "failed to load netconf: " + Mismatch(wanted), $"correct {Where} in the network config");
}
