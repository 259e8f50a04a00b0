using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting;

/// <summary>
/// What is wrong with a network config on standard input, for <c>validate</c>: one plugin's config, or a whole conflist, of which a plugin
/// reads the entries that call it. Pure.
/// </summary>
internal static class ConfigValidation
{
    private const string PluginsKey = "plugins";

    /// <summary>A sentence per problem, of an entry of a conflist with the entry's path before it; empty: nothing is wrong.</summary>
    /// <exception cref="CniException">The head of the config is wrong, or a key has another type than the plugin expects.</exception>
    public static IReadOnlyList<string> Find(CniPlugin plugin, byte[] input)
    {
        var config = NetworkConfig.Parse(input);
        var version = config.DecodeVersion();
        CniVersions.Require(CniVerb.Add, version);
        return config.Root.Find(PluginsKey) is null ? plugin.Validate(Request(config, input)) : OfList(plugin, config, version);
    }

    private static IReadOnlyList<string> OfList(CniPlugin plugin, NetworkConfig list, string version)
    {
        var entries = list.Root.GetList(PluginsKey);
        var own = entries.Where(entry => Calls(entry, plugin.Name)).ToList();
        if (own.Count == 0)
            return [NoEntry(plugin, entries)];
        return [.. OfHead(list.Root), .. own.SelectMany(entry => OfEntry(plugin, entry, list.OfPlugin(entry, version)))];
    }

    // libcni reads it of an entry alone, so that what a pod asks for (ips, mac, portMappings) would get lost without a word.
    private static string[] OfHead(ConfigNode list) =>
        list.Find("capabilities") is null
            ? []
            : [$"capabilities: has no effect beside {PluginsKey}: it belongs into the entry of the plugin that it is for"];

    private static IEnumerable<string> OfEntry(CniPlugin plugin, ConfigNode entry, byte[] input)
    {
        try
        {
            return plugin.Validate(Request(NetworkConfig.Parse(input), input)).Select(problem => $"{entry.Path}.{problem}");
        }
        catch (CniException e)
        {
            return [$"{entry.Path}: {e.Message}{(e.Details.Length == 0 ? "" : $" ({e.Details})")}"];
        }
    }

    // As a plugin of the list, or as the IPAM plugin of one.
    private static bool Calls(ConfigNode entry, string name) =>
        entry.GetString("type") == name || entry.FindObject("ipam")?.GetString("type") == name;

    private static string NoEntry(CniPlugin plugin, IReadOnlyList<ConfigNode> entries) =>
        entries.Count == 0
            ? $"{PluginsKey}: it is missing or empty"
            : $"{PluginsKey}: none of {string.Join(", ", entries.Select(static entry => entry.GetString("type")))} is {plugin.Name}: "
                + "each plugin's executable validates its own entries";

    private static CniRequest Request(NetworkConfig config, byte[] input) =>
        new()
        {
            Verb = CniVerb.Status,
            StdinBytes = input,
            Config = config.Root,
            NetworkName = config.Name,
            CniVersion = config.DecodeVersion(),
        };
}
