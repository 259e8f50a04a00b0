using System.Globalization;
using System.Text.Json;
using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>
/// A JSON value of a config, read by the rules of Go's encoding/json, which configs in the field rely on: keys match without regard
/// to case, of duplicates the last that is not null wins, null is the same as absent, an unknown key is ignored. A value of the wrong
/// type is a <see cref="CniException"/> with <see cref="CniErrorCode.DecodingFailure"/> that names the key's path, what it wants and what
/// it got.
/// </summary>
public readonly struct ConfigNode
{
    private readonly string parent;
    private readonly string key;
    private readonly int index;

    // The path is built only for an error.
    private ConfigNode(JsonValue value, string parent, string key, int index)
    {
        Value = value;
        this.parent = parent;
        this.key = key;
        this.index = index;
    }

    /// <summary>A value that stands alone.</summary>
    /// <param name="value">The value.</param>
    /// <param name="path">Where it stands, such as <c>ipam.ranges[0]</c>; empty for the whole config.</param>
    public ConfigNode(JsonValue value, string path)
        : this(value, "", path, -1) { }

    /// <summary>The value as it was parsed.</summary>
    public JsonValue Value { get; }

    /// <summary>Where it stands; empty for the whole config.</summary>
    public string Path =>
        index >= 0 ? $"{parent}[{index}]"
        : parent.Length == 0 ? key
        : $"{parent}.{key}";

    /// <summary>True for JSON's null, which an array may hold.</summary>
    public bool IsNull => Value.Kind == JsonValueKind.Null;

    /// <summary>The names of an object's members, in their order.</summary>
    public IReadOnlyList<string> Names => Value.Names;

    /// <summary>The member of that name, whatever it is; null where it is absent or null.</summary>
    public ConfigNode? Find(string key)
    {
        Expect(JsonValueKind.Object, "an object");
        var names = Value.Names;
        for (var i = names.Count - 1; i >= 0; i--)
        {
            if (string.Equals(names[i], key, StringComparison.OrdinalIgnoreCase) && Value.Values[i].Kind != JsonValueKind.Null)
                return new ConfigNode(Value.Values[i], Path, key, -1);
        }

        return null;
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

    /// <summary>The members of an array; none where it is absent or something else, or this is no object.</summary>
    public IReadOnlyList<ConfigNode> FindItems(string key) =>
        Value.Kind == JsonValueKind.Object && Find(key) is { Value.Kind: JsonValueKind.Array } list ? list.AsList() : [];

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
            texts[i] = list[i].IsNull ? "" : list[i].AsString();
        return texts;
    }

    /// <summary>A flag; false where the key is absent or null.</summary>
    public bool GetBool(string key) => FindBool(key) ?? false;

    /// <summary>A flag; null where the key is absent or null.</summary>
    public bool? FindBool(string key) =>
        Find(key) is not { } node
            ? null
            : node.Value.Kind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                _ => throw node.Wrong("true or false"),
            };

    /// <summary>A whole number of 32 bits; null if the key is absent or null. 1.0 and 1e3 are invalid, as in Go.</summary>
    public int? FindInt(string key)
    {
        if (Find(key) is not { } node)
            return null;
        return node.Value.Kind == JsonValueKind.Number && TryParseInt(node.Value.Text, out var value)
            ? value
            : throw node.Wrong(node.IsWholeNumber ? "a whole number of 32 bits" : "a whole number");
    }

    /// <summary>A whole number of 64 bits; null if the key is absent or null. 1.0 and 1e3 are invalid, as in Go.</summary>
    public long? FindInt64(string key)
    {
        if (Find(key) is not { } node)
            return null;
        var text = node.IsWholeNumber ? node.Value.Text : "";
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw node.Wrong("a whole number");
    }

    private bool IsWholeNumber => Value.Kind == JsonValueKind.Number && Value.Text.AsSpan().IndexOfAny('.', 'e', 'E') < 0;

    /// <summary>
    /// A whole number of 64 bits that is not negative; null if the key is absent or null. 1.0 and 1e3 are invalid, as in Go.
    /// </summary>
    public ulong? FindUInt64(string key)
    {
        if (Find(key) is not { } node)
            return null;
        return node.Value.Kind == JsonValueKind.Number && TryParseUInt64(node.Value.Text, out var value)
            ? value
            : throw node.Wrong("a whole number, 0 or more");
    }

    /// <summary>
    /// An address; null where the key is absent, null or an empty text. Anything else: Go's <c>invalid IP address: x</c>.
    /// </summary>
    public IPAddr? FindAddress(string key)
    {
        if (GetString(key) is not { Length: > 0 } text)
            return null;
        return IPAddr.TryParse(text, out var address)
            ? address
            : throw new CniException(
                CniErrorCode.DecodingFailure,
                $"invalid IP address: {Excerpt.Of(text)}",
                $"{PathOf(key)} wants an IPv4 or IPv6 address"
            );
    }

    /// <summary>
    /// A prefix, host bits kept; null where the key is absent or null. Anything else: Go's <c>invalid CIDR address: x</c>.
    /// </summary>
    public IPPrefix? FindPrefix(string key)
    {
        if (Find(key)?.AsString() is not { } text)
            return null;
        return IPPrefix.TryParse(text, out var prefix)
            ? prefix
            : throw new CniException(
                CniErrorCode.DecodingFailure,
                $"invalid CIDR address: {Excerpt.Of(text)}",
                $"{PathOf(key)} wants address/length, such as 10.1.0.0/16"
            );
    }

    /// <summary>This value itself as an array's members.</summary>
    public IReadOnlyList<ConfigNode> AsList()
    {
        Expect(JsonValueKind.Array, "an array");
        var nodes = new ConfigNode[Value.Values.Count];
        for (var i = 0; i < nodes.Length; i++)
            nodes[i] = new ConfigNode(Value.Values[i], Path, "", i);
        return nodes;
    }

    /// <summary>This value itself as a text.</summary>
    public string AsString()
    {
        Expect(JsonValueKind.String, "a text");
        // No name, path or address has it, and to the kernel it would be the end of one.
        return Value.Text.Contains('\0') ? throw Wrong("a text", "one with a NUL") : Value.Text;
    }

    // By hand: the framework's own would start a culture, 0.1 ms of a cold process.
    private static bool TryParseInt(string text, out int value)
    {
        var number = 0L;
        var digits = text.AsSpan(text.StartsWith('-') ? 1 : 0);
        foreach (var digit in digits)
        {
            number = 10 * number + (digit - '0');
            if (!char.IsAsciiDigit(digit) || number > -(long)int.MinValue)
            {
                value = 0;
                return false;
            }
        }

        number = digits.Length < text.Length ? -number : number;
        value = (int)number;
        return number == value;
    }

    private static bool TryParseUInt64(string text, out ulong value)
    {
        value = 0;
        foreach (var character in text)
        {
            var digit = (ulong)(character - '0');
            if (!char.IsAsciiDigit(character) || value > (ulong.MaxValue - digit) / 10)
                return false;
            value = 10 * value + digit;
        }

        return true;
    }

    private string PathOf(string name) => Path.Length == 0 ? name : Path + "." + name;

    private void Expect(JsonValueKind kind, string what)
    {
        if (Value.Kind != kind)
            throw Wrong(what);
    }

    /// <summary>The fault of a value of the wrong type: <c>mtu wants a whole number, not a text</c>.</summary>
    internal string Mismatch(string wanted, string? got = null)
    {
        got ??= Value.Kind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a text",
            JsonValueKind.Number => "the number " + Excerpt.Of(Value.Text, 40),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => "null",
        };
        return $"{Where} wants {wanted}, not {got}";
    }

    private string Where => Path.Length == 0 ? "the config" : Path;

    private CniException Wrong(string wanted, string? got = null) =>
        new(CniErrorCode.DecodingFailure, "failed to load netconf: " + Mismatch(wanted, got), $"correct {Where} in the network config");
}
