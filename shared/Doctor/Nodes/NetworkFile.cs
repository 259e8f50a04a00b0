using System.Text.Json;
using Plugboard.ClusterFiles;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;
using ClusterSubnetFile = Plugboard.ClusterFiles.SubnetFile;

namespace Plugboard.Doctor.Nodes;

/// <summary>
/// A file that a runtime reads as a network config: <c>*.conf</c>, <c>*.conflist</c> and <c>*.json</c>, in the order of their names.
/// </summary>
/// <param name="Path">The file, as this process sees it.</param>
internal sealed record NetworkFile(string Path)
{
    // The prefix of the bridges that podman names, and the network that it comes with.
    private const string PodmanBridge = "cni-podman";
    private const string PodmanNetwork = "podman";

    /// <summary>True for a network that podman made or came with.</summary>
    public bool IsOfPodman =>
        List?.Name == PodmanNetwork
        || Plugins.Any(static plugin => plugin.Bridge?.StartsWith(PodmanBridge, StringComparison.Ordinal) == true);

    /// <summary>What it says; null if it is broken.</summary>
    public Conflist? List { get; init; }

    /// <summary>What its plugins are to do.</summary>
    public IReadOnlyList<PluginUse> Plugins { get; init; } = [];

    /// <summary>Why no runtime can use it; null: nothing is wrong.</summary>
    public string? Fault { get; init; }

    /// <summary>Reads all files of a directory that a runtime would; none where it is missing.</summary>
    /// <param name="root">The directory where the host's root is seen: symbolic links lead where they lead on the host.</param>
    /// <param name="directory">The directory on the host.</param>
    /// <param name="dataDirectory">Where host-local keeps its leases if a config does not say.</param>
    public static IReadOnlyList<NetworkFile> ReadAll(string root, string directory, string dataDirectory)
    {
        using var host = RootedDirectory.Open(root);
        using var found = host.TryOpen(directory, out _);
        if (found is null)
            return [];
        // libcni passes over directories, but not over links to some.
        var names = found.ReadNames().FindAll(name => IsConfig(name) && found.FindStatus(name) is not { IsDirectory: true });
        names.Sort(StringComparer.Ordinal);
        return names.ConvertAll(name => Read(host, directory, name, dataDirectory));
    }

    /// <summary>
    /// The names in the directory that look like network configs, and that no runtime reads: of another ending, as
    /// <c>10-flannel.conflist.cilium_bak</c>, or directories. Null if the directory is absent.
    /// </summary>
    /// <param name="root">The directory where the host's root is seen.</param>
    /// <param name="directory">The directory on the host.</param>
    public static IReadOnlyList<string>? FindPassedOver(string root, string directory)
    {
        using var host = RootedDirectory.Open(root);
        using var found = host.TryOpen(directory, out _);
        var names = found?.ReadNames().FindAll(LooksLikeConfig);
        names?.Sort(StringComparer.Ordinal);
        return names is null ? null : [.. names.Take(MostNames)];
    }

    private const int MostNames = 5;

    private static bool LooksLikeConfig(string name) =>
        name.Contains(".conf", StringComparison.OrdinalIgnoreCase)
        || name.Contains(".json", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith(".yaml", StringComparison.Ordinal)
        || name.EndsWith(".yml", StringComparison.Ordinal);

    // libcni's ConfFiles: by extension, whatever the name begins with.
    internal static bool IsConfig(string name) => System.IO.Path.GetExtension(name) is ".conf" or ".conflist" or ".json";

    private static bool IsList(string name) => name.EndsWith(".conflist", StringComparison.Ordinal);

    private static NetworkFile Read(RootedDirectory host, string directory, string name, string dataDirectory)
    {
        var path = host.FullPath($"{directory}/{name}");
        try
        {
            using var file = host.FindForReading($"{directory}/{name}");
            if (file is null)
                return new NetworkFile(path) { Fault = "it is a symbolic link to a file that does not exist" };
            var content = file.ReadToEnd();
            return Parse(content.Length > 0 && IsList(name) ? AddedPlugins.AddTo(content, host, directory) : content, path, dataDirectory);
        }
        catch (CniException e)
        {
            return new NetworkFile(path) { Fault = e.Message };
        }
        catch (ErrnoException e)
        {
            return new NetworkFile(path) { Fault = e.Message };
        }
    }

    /// <summary>Reads a file's content.</summary>
    internal static NetworkFile Parse(byte[] content, string path, string dataDirectory)
    {
        try
        {
            if (content.Length == 0)
                return new NetworkFile(path) { Fault = "it is empty" };
            var isList = IsList(path);
            if (FindWrongEnding(content, isList) is { } wrong)
                return new NetworkFile(path) { Fault = wrong };
            if (isList && FindWrongFlag(content) is { } flag)
                return new NetworkFile(path) { Fault = flag };
            var list = Conflist.Parse(isList ? content : Wrap(content), path);
            var plugins = NetworkConfig.Parse(list.Content).Root.GetList("plugins");
            return new NetworkFile(path) { List = list, Plugins = [.. plugins.Select(plugin => Use(plugin, dataDirectory))] };
        }
        catch (ConflistException e)
        {
            return new NetworkFile(path) { Fault = e.Why };
        }
        catch (CniException e)
        {
            return new NetworkFile(path) { Fault = e.Message };
        }
    }

    // Runtimes decide by the name what they read, and look for nothing else in it.
    private static string? FindWrongEnding(byte[] content, bool isList)
    {
        var root = NetworkConfig.Parse(content).Root;
        var (hasType, hasPlugins) = (root.Find("type") is not null, root.Find("plugins") is not null);
        if (isList)
            return hasType && !hasPlugins ? "it has no plugins: the config of a single plugin needs a name that ends in .conf" : null;
        return hasType ? null
            : hasPlugins ? "it has no type: a list of plugins needs a name that ends in .conflist"
            : "it has no type";
    }

    // libcni takes true and false, also as texts, and refuses the whole list for anything else.
    private static string? FindWrongFlag(byte[] content)
    {
        var root = NetworkConfig.Parse(content).Root;
        foreach (var key in (string[])["disableCheck", "disableGC", "loadOnlyInlinedPlugins"])
        {
            if (root.Find(key)?.Value is not { } value || value.Kind is JsonValueKind.True or JsonValueKind.False)
                continue;
            if (value.Kind != JsonValueKind.String || value.Text.ToLowerInvariant() is not ("true" or "false"))
                return $"{key} is neither true nor false";
        }

        return null;
    }

    // A single plugin's config counts as a list of one.
    private static byte[] Wrap(byte[] content)
    {
        var config = NetworkConfig.Parse(content);
        var list = new JsonMembers();
        list.Set("cniVersion", JsonValue.Of(config.Root.GetString("cniVersion")));
        list.Set("name", JsonValue.Of(config.Name));
        list.Set("plugins", JsonValue.Of([config.Root.Value]));
        return list.ToBytes();
    }

    // A key of a wrong type is the plugin's to report: runtimes pass it on.
    private static PluginUse Use(ConfigNode plugin, string dataDirectory)
    {
        try
        {
            return Read(plugin, dataDirectory);
        }
        catch (CniException)
        {
            return new PluginUse(plugin.GetString("type"));
        }
    }

    private static PluginUse Read(ConfigNode plugin, string dataDirectory)
    {
        var use = new PluginUse(plugin.GetString("type"));
        var ipam = plugin.Find("ipam") is { Value.Kind: JsonValueKind.Object } found ? found : (ConfigNode?)null;
        if (use.Type == "flannel")
            return Flannel(use, plugin, ipam, dataDirectory);
        if (ipam?.GetString("type") == "host-local")
            use = use with { DataDirectory = ipam.Value.FindString("dataDir") ?? dataDirectory };
        if (ipam?.GetString("type") == "dhcp")
            use = use with { DhcpSocket = Text(ipam.Value, "daemonSocketPath") ?? PluginUse.UsualDhcpSocket };
        return use.Type switch
        {
            "bridge" => Bridge(use, plugin) with
            {
                IsGateway = plugin.GetBool("isGateway") || plugin.GetBool("isDefaultGateway") || plugin.GetBool("ipMasq"),
                SetsAddress =
                    (plugin.GetBool("isGateway") || plugin.GetBool("isDefaultGateway"))
                    && !plugin.GetBool("forceAddress")
                    && plugin.FindInt("vlan") is null or 0,
                NeedsNat = plugin.GetBool("ipMasq") && plugin.GetString("ipMasqBackend") != "iptables",
                NeedsSpoofCheck = plugin.GetBool("macspoofchk"),
            },
            "tuning" => use with { BackupDirectory = Text(plugin, "dataDir") },
            "vrf" => use with { Vrf = Text(plugin, "vrfname") },
            "portmap" => use with { NeedsNat = plugin.GetString("backend") != "iptables" },
            _ => use,
        };
    }

    private static string? Text(ConfigNode node, string key) => node.GetString(key) is { Length: > 0 } text ? text : null;

    private static PluginUse Flannel(PluginUse use, ConfigNode plugin, ConfigNode? ipam, string dataDirectory)
    {
        use = use with
        {
            SubnetFile = Text(plugin, "subnetFile") ?? ClusterSubnetFile.DefaultPath,
            FlannelDirectory = Text(plugin, "dataDir"),
        };
        if ((ipam?.FindString("type") ?? "host-local") == "host-local")
            use = use with { DataDirectory = ipam?.FindString("dataDir") ?? dataDirectory };
        var called = plugin.FindObject("delegate");
        if ((called?.FindString("type") ?? "bridge") != "bridge")
            return use;
        return called is { } delegated
            ? Bridge(use, delegated) with
            {
                IsGateway = delegated.FindBool("isGateway") ?? true,
            }
            : use with
            {
                Bridge = "cni0",
                IsGateway = true,
            };
    }

    private static PluginUse Bridge(PluginUse use, ConfigNode config) =>
        use with
        {
            Bridge = config.GetString("bridge") is { Length: > 0 } name ? name : "cni0",
            Mtu = config.FindInt("mtu") is > 0 and var mtu ? mtu : null,
        };
}
