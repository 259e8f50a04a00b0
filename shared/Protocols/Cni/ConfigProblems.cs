using System.Text.Json;
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

    private static readonly string[] remarks = ["comment", "description", "documentation"];

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
            if (!Has(known, name) && !Has(keysOfEveryConfig, name) && !IsRemark(name))
                problems.Add($"{Excerpt.Of(name)}: {fault}");
        }
    }

    /// <summary>Reports keys of an object within a config that nothing reads; a value that is no object has none.</summary>
    /// <param name="problems">Gets the reports.</param>
    /// <param name="part">The object; null: absent.</param>
    /// <param name="what">What it is, as <c>a route</c>.</param>
    /// <param name="known">Its keys, read in any case.</param>
    public static void AddUnknownIn(this List<string> problems, ConfigNode? part, string what, params string[] known)
    {
        if (part is not { Value.Kind: JsonValueKind.Object } node)
            return;
        foreach (var name in node.Names)
        {
            if (!Has(known, name) && !IsRemark(name))
                problems.Add(
                    $"{node.Path}.{Excerpt.Of(name)}: is not a key of {what} and has no effect: its keys are " + string.Join(", ", known)
                );
        }
    }

    /// <summary>Reports what nothing reads of a config's <c>dns</c>.</summary>
    public static void AddUnknownOfDns(this List<string> problems, ConfigNode parent) =>
        problems.AddUnknownIn(
            parent.Value.Kind == JsonValueKind.Object ? parent.Find("dns") : null,
            "dns",
            "nameservers",
            "domain",
            "search",
            "options"
        );

    // JSON has no comments, so people write them as keys; distributions' podman configs have "Documentation".
    private static bool IsRemark(string name) =>
        name.StartsWith('_') || name.StartsWith("//", StringComparison.Ordinal) || Has(remarks, name);

    private static bool Has(string[] keys, string name) => keys.Contains(name, StringComparer.OrdinalIgnoreCase);
}
