using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>CNI_ARGS: <c>K=V;K2=V2</c>.</summary>
internal sealed class CniArgs
{
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    /// <summary>The value of a key, the last of several; null where it is not given.</summary>
    public string? Find(string key) => values.GetValueOrDefault(key);

    /// <summary>Reads the text by the reference's rules.</summary>
    public static CniArgs Parse(string args, params ReadOnlySpan<string> known)
    {
        var parsed = new CniArgs();
        var unknown = new List<string>();
        foreach (var pair in args.Length == 0 ? [] : args.Split(';'))
        {
            var parts = pair.Split('=');
            if (parts.Length != 2)
                throw new CniException(CniErrorCode.InvalidEnvironment, $"ARGS: invalid pair \"{pair}\"");
            if (parts[0] == "IgnoreUnknown" || known.Contains(parts[0]))
                parsed.values[parts[0]] = parts[1];
            else
                unknown.Add($"\"{pair}\"");
        }

        var ignore = parsed.Find("IgnoreUnknown") is { } flag && (flag == "1" || flag.Equals("true", StringComparison.OrdinalIgnoreCase));
        if (unknown.Count > 0 && !ignore)
            throw new CniException(CniErrorCode.InvalidEnvironment, $"ARGS: unknown args [{string.Join(' ', unknown)}]");
        return parsed;
    }
}
