using System.Text.Json;
using Plugboard.Doctor.Nodes;
using Plugboard.Protocols.Cni;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// What the plugins of the network configs in use say themselves: each of ours is asked by <c>validate</c> and STATUS, others by STATUS
/// where the config is of CNI 1.1.0, which has it. A plugin that cannot be executed is another check's finding, and so are a missing
/// subnet.env and a missing DHCP daemon.
/// </summary>
internal sealed class PluginCheck : ICheck
{
    private const string StatusVersion = "1.1.0";

    public string Name => "what the plugins say";

    public IEnumerable<Finding> Examine(Node node)
    {
        // Paths are this process's until then, and the node's own among its mounts.
        var entries = node.UsedNetworks.SelectMany(use => EntriesOf(node, use)).ToList();
        var budget = new CallBudget();
        if (node.Host is { } host)
            return host.Run(() =>
                entries.SelectMany(entry => Ask(node, entry, new PluginCalls(entry.Use.BinDirectories, budget))).ToList()
            );
        return entries.Exists(entry => Askable(new PluginCalls([.. entry.Use.BinDirectories.Select(node.Under)], budget), entry).Any())
            ? [NotEntered(node)]
            : [];
    }

    private static IEnumerable<AskedEntry> EntriesOf(Node node, NetworkUse use)
    {
        var config = NetworkConfig.Parse(use.List.Content);
        var broken = node.FaultsOf(use).Select(static fault => fault.Type).ToHashSet(StringComparer.Ordinal);
        foreach (var entry in config.Root.GetList("plugins"))
        {
            var types = TypesOf(entry);
            if (!types.Exists(broken.Contains) && (types[0] != "flannel" || node.FindSubnetFile() is not null) && !LacksDaemon(node, entry))
                yield return new AskedEntry(use, config, entry, types);
        }
    }

    private static bool LacksDaemon(Node node, ConfigNode entry) =>
        entry.Find("ipam") is { Value.Kind: JsonValueKind.Object } ipam
        && ipam.GetString("type") == "dhcp"
        && !DhcpDaemonCheck.IsAnswering(
            node,
            ipam.GetString("daemonSocketPath") is { Length: > 0 } path ? path : PluginUse.UsualDhcpSocket,
            out _
        );

    private static IEnumerable<Finding> Ask(Node node, AskedEntry entry, PluginCalls calls)
    {
        foreach (var plugin in Askable(calls, entry))
        {
            if (Describe(node, entry.Use, plugin, Ask(calls, plugin, entry)) is { } finding)
                yield return finding;
        }
    }

    // The plugin first, then those that it calls: its IPAM plugin, and flannel's delegate.
    private static List<string> TypesOf(ConfigNode entry)
    {
        var types = new List<string> { entry.GetString("type") };
        var ipam = entry.Find("ipam") is { Value.Kind: JsonValueKind.Object } found ? found.GetString("type") : "";
        if (types[0] == "flannel")
        {
            types.Add(entry.FindObject("delegate")?.FindString("type") ?? "bridge");
            types.Add(ipam.Length > 0 ? ipam : "host-local");
        }
        else if (ipam.Length > 0)
        {
            types.Add(ipam);
        }

        return types;
    }

    // A plugin asks those that it calls itself. Without STATUS in the config's version, a foreign one is passed over and ours beneath it is
    // asked in its place; ours is asked in any version, unless it would pass a version on to a foreign one that may not have it.
    private static IEnumerable<AskedPlugin> Askable(PluginCalls calls, AskedEntry entry)
    {
        var (types, version) = (entry.Types, entry.Use.List.CniVersion);
        var hasStatus = CniVersions.Compare(version, StatusVersion) >= 0;
        var isOurs = calls.IsOurs(types[0]);
        if (isOurs || hasStatus)
            yield return new AskedPlugin(
                types[0],
                isOurs,
                hasStatus ? version
                    : types.TrueForAll(calls.IsOurs) ? StatusVersion
                    : null
            );
        else if (types.Count == 2 && calls.IsOurs(types[1]))
            yield return new AskedPlugin(types[1], IsOurs: true, StatusVersion);
    }

    private static PluginAnswer Ask(PluginCalls calls, AskedPlugin plugin, AskedEntry entry)
    {
        var status = plugin.Version is { } version ? calls.AskStatus(plugin.Type, entry.ToInput(version)) : StatusReply.NotAsked;
        var problems =
            plugin.IsOurs && status.Kind != StatusKind.Hung ? calls.Validate(plugin.Type, entry.ToInput(entry.Use.List.FirstVersion)) : [];
        return new PluginAnswer(status, [.. problems.Select(problem => $"{entry.Prefix}{problem}")]);
    }

    private static Finding? Describe(Node node, NetworkUse use, AskedPlugin plugin, PluginAnswer answer)
    {
        var where = $"plugin {plugin.Type} of network {use.List.Name}";
        if (answer.Problems.Count > 0)
            return Config(node, use, plugin, answer);
        return answer.Status switch
        {
            { Kind: StatusKind.Hung } => Hung(use, plugin, where),
            { Kind: StatusKind.NotReady, Error: { } error } => NotReady(use, plugin, $"{where} is not ready: {error.Message}", error),
            _ => null,
        };
    }

    // Where STATUS succeeds, an ADD reads the config as well: what is wrong has no effect.
    private static Finding Config(Node node, NetworkUse use, AskedPlugin plugin, PluginAnswer answer)
    {
        var path = node.OnNode(use.File.Path);
        var (severity, why) = answer.Status.Kind switch
        {
            StatusKind.Ready => (Severity.Notice, "pods start all the same"),
            StatusKind.NotReady => (Severity.Error, "every new pod of the network fails with it"),
            _ => (Severity.Warning, "new pods of the network may fail with it"),
        };
        return new Finding(
            FindingIds.PluginConfig,
            severity,
            $"{path}: {string.Join("; ", answer.Problems)}",
            why,
            $"correct it; `{plugin.Type} validate < {path}` reports what is left"
        )
        {
            Subject = $"{use.File.Path} {plugin.Type} {string.Join("; ", answer.Problems)}",
        };
    }

    private static Finding NotReady(NetworkUse use, AskedPlugin plugin, string what, CniException error) =>
        new(
            FindingIds.PluginNotReady,
            Severity.Error,
            what,
            "every new pod of the network fails; runtimes that ask for STATUS report the node as NotReady",
            error.Details.Length > 0 ? error.Details : $"repair what {plugin.Type} names"
        )
        {
            Subject = $"{use.File.Path} {plugin.Type}",
            MayPass = true,
        };

    private static Finding Hung(NetworkUse use, AskedPlugin plugin, string where) =>
        new(
            FindingIds.PluginNotReady,
            Severity.Warning,
            $"{where} did not answer STATUS in time, and was killed",
            "ADD may hang in the same way, and the runtime with it",
            $"see what it waits for: `CNI_COMMAND=STATUS CNI_PATH={string.Join(':', use.BinDirectories)} strace "
                + $"-f {plugin.Type} < conf.json`"
        )
        {
            Subject = $"{use.File.Path} {plugin.Type}",
        };

    private static Finding NotEntered(Node node) =>
        new(
            FindingIds.PluginsNotAsked,
            Severity.Notice,
            $"the plugins were not asked for STATUS: {node.Options.HostRoot} is not the root of process 1, or the mounts of "
                + "process 1 cannot be entered",
            "a full or read-only data directory is not found, nor an error in a network config",
            "run the doctor on the node itself, or in a pod with hostPID and privileged (examples/kubernetes/node/doctor.yaml)"
        )
        {
            Subject = node.Options.HostRoot,
        };

    /// <summary>An entry of a network config.</summary>
    /// <param name="Use">The config.</param>
    /// <param name="Config">The same, parsed.</param>
    /// <param name="Entry">The entry.</param>
    /// <param name="Types">Its plugin, and those that this one calls.</param>
    private sealed record AskedEntry(NetworkUse Use, NetworkConfig Config, ConfigNode Entry, List<string> Types)
    {
        /// <summary>What stands before the keys of the entry; a single plugin's file has no list.</summary>
        public string Prefix => Use.File.Path.EndsWith(".conflist", StringComparison.Ordinal) ? Entry.Path + "." : "";

        public byte[] ToInput(string version) => Config.OfPlugin(Entry, version);
    }

    /// <summary>A plugin to ask.</summary>
    /// <param name="Type">Its name.</param>
    /// <param name="IsOurs">It validates.</param>
    /// <param name="Version">The version of STATUS; null: it is not called.</param>
    private sealed record AskedPlugin(string Type, bool IsOurs, string? Version);

    /// <summary>What it said.</summary>
    /// <param name="Status">To STATUS.</param>
    /// <param name="Problems">To <c>validate</c>, each with its place in the file.</param>
    private sealed record PluginAnswer(StatusReply Status, IReadOnlyList<string> Problems);
}
