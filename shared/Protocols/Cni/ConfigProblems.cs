using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>Collects all faults of a plugin's config, a sentence each, for `validate`; a call stops at the first.</summary>
public static class ConfigProblems
{
    /// <summary>The keys that a config of any plugin may have (the specification's "Plugin configuration objects").</summary>
    private static readonly string[] keysOfEveryConfig =
    [
        "cniVersion",
        "cniVersions",
        "name",
        "type",
        "args",
        "capabilities",
        "runtimeConfig",
        "prevResult",
    ];

    /// <summary>Reads a key; what is refused is a problem of it.</summary>
    public static void Try(this List<string> problems, string key, Action read)
    {
        try
        {
            read();
        }
        catch (CniException e)
        {
            problems.Add($"{key}: {e.Message}");
        }
    }

    /// <summary>Reports keys that are neither the plugin's nor of every config.</summary>
    /// <param name="problems">Gets the reports.</param>
    /// <param name="config">The config.</param>
    /// <param name="known">The plugin's own keys, read in any case.</param>
    /// <param name="fault">The sentence about an unknown key.</param>
    public static void AddUnknown(this List<string> problems, ConfigNode config, string[] known, string fault)
    {
        foreach (var name in config.Names)
        {
            if (!Has(known, name) && !Has(keysOfEveryConfig, name))
                problems.Add($"{Excerpt.Of(name)}: {fault}");
        }
    }

    private static bool Has(string[] keys, string name) => keys.Contains(name, StringComparer.OrdinalIgnoreCase);
}
