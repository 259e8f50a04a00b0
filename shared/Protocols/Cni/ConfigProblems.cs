using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>Collects all that is wrong with a plugin's config, a sentence each, for who checks one; a call stops at the first.</summary>
public static class ConfigProblems
{
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

    /// <summary>Names the keys that nobody reads.</summary>
    /// <param name="problems">Where they are named.</param>
    /// <param name="config">The config.</param>
    /// <param name="known">The plugin's keys; they are read in any case.</param>
    /// <param name="fault">What is wrong with another.</param>
    public static void AddUnknown(this List<string> problems, ConfigNode config, string[] known, string fault)
    {
        foreach (var name in config.Names)
        {
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
                problems.Add($"{Excerpt.Of(name)}: {fault}");
        }
    }
}
