namespace Plugboard.Protocols.Cni;

/// <summary>
/// CNI_ARGS: <c>K=V;K2=V2</c> with case-sensitive keys. A key that the plugin does not know is refused unless <c>IgnoreUnknown</c> is set.
/// Source: CNI specification 1.1.0, section 2; CONVENTIONS.md, "args".
/// </summary>
public sealed class CniArgs
{
    private readonly string[] keys;
    private readonly string[] values;
    private int count;

    private CniArgs(int capacity)
    {
        keys = new string[capacity];
        values = new string[capacity];
    }

    /// <summary>Reads the text by the reference's rules.</summary>
    /// <param name="text">CNI_ARGS as it came; may be empty.</param>
    /// <param name="known">The keys this plugin understands, besides <c>IgnoreUnknown</c>.</param>
    /// <exception cref="CniException">Code 4: a pair is invalid, or a key is unknown.</exception>
    public static CniArgs Parse(string text, params ReadOnlySpan<string> known)
    {
        if (text.Length == 0)
            return new CniArgs(0);
        var pairs = text.Split(';');
        var args = new CniArgs(pairs.Length);
        var unknown = new List<string>();
        var ignoreUnknown = false;
        foreach (var pair in pairs)
        {
            var equals = pair.IndexOf('=');
            if (equals < 0 || pair.IndexOf('=', equals + 1) >= 0)
                throw Wrong(
                    $"ARGS: invalid pair {GoText.Quote(pair)}",
                    "CNI_ARGS is K=V pairs divided by semicolons, each with one equals sign"
                );
            var (key, value) = (pair[..equals], pair[(equals + 1)..]);
            if (key == "IgnoreUnknown")
                ignoreUnknown = ParseBool(pair, value);
            else if (known.Contains(key))
                args.Add(key, value);
            else
                unknown.Add(pair);
        }

        if (unknown.Count > 0 && !ignoreUnknown)
            throw Wrong($"ARGS: unknown args {GoText.Quote(unknown)}", "remove them from CNI_ARGS or add IgnoreUnknown=1");
        return args;
    }

    /// <summary>Reads what can be read and ignores the rest: DEL and GC must not fail for it.</summary>
    public static CniArgs ParseLeniently(string text, params ReadOnlySpan<string> known)
    {
        var pairs = text.Split(';');
        var args = new CniArgs(pairs.Length);
        foreach (var pair in pairs)
        {
            var equals = pair.IndexOf('=');
            if (equals > 0 && known.Contains(pair[..equals]))
                args.Add(pair[..equals], pair[(equals + 1)..]);
        }

        return args;
    }

    /// <summary>The value of a key, the last of several; null where it is not given.</summary>
    public string? Find(string key)
    {
        for (var i = count - 1; i >= 0; i--)
        {
            if (keys[i] == key)
                return values[i];
        }

        return null;
    }

    private void Add(string key, string value)
    {
        keys[count] = key;
        values[count] = value;
        count++;
    }

    private static bool ParseBool(string pair, string value)
    {
        if (value == "1" || string.Equals(value, "true", StringComparison.OrdinalIgnoreCase))
            return true;
        if (value == "0" || string.Equals(value, "false", StringComparison.OrdinalIgnoreCase))
            return false;
        throw Wrong(
            $"ARGS: error parsing value of pair {GoText.Quote(pair)}: boolean unmarshal error: invalid input {value}",
            "IgnoreUnknown is 1, 0, true or false"
        );
    }

    private static CniException Wrong(string message, string details) => new(CniErrorCode.InvalidEnvironment, message, details);
}
