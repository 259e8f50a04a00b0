using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>CNI_ARGS: <c>K=V;K2=V2</c>.</summary>
internal static class CniArgs
{
    /// <summary>The known keys' values.</summary>
    public static Dictionary<string, string> Parse(string args, params ReadOnlySpan<string> known)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var unknown = new List<string>();
        foreach (var pair in args.Length == 0 ? [] : args.Split(';'))
        {
            var parts = pair.Split('=');
            if (parts.Length != 2)
                throw new CniException(CniErrorCode.InvalidEnvironment, $"ARGS: invalid pair \"{pair}\"");
            if (parts[0] == "IgnoreUnknown" || known.Contains(parts[0]))
                values[parts[0]] = parts[1];
            else
                unknown.Add($"\"{pair}\"");
        }

        var ignore = values.TryGetValue("IgnoreUnknown", out var flag) && (flag == "1" || flag.Equals("true", StringComparison.OrdinalIgnoreCase));
        if (unknown.Count > 0 && !ignore)
            throw new CniException(CniErrorCode.InvalidEnvironment, $"ARGS: unknown args [{string.Join(' ', unknown)}]");
        return values;
    }
}
