using Plugboard.ClusterFiles;
using Plugboard.Doctor.Nodes;

namespace Plugboard.Doctor.Checks;

/// <summary>Which network config the runtime takes, and whether the plugins that it names can serve.</summary>
internal sealed class ConflistCheck : ICheck
{
    public string Name => "network configs and plugins";

    public IEnumerable<Finding> Examine(Node node)
    {
        var directory = node.ConfDirectory;
        foreach (var broken in node.Networks.Where(static file => file.Fault is not null))
            yield return Broken(node, broken);
        if (node.ChosenNetwork is not { } chosen)
        {
            // A broken config has its own finding, which explains that there is no network.
            if (node.Networks.Count == 0)
                yield return Missing(directory);
            yield break;
        }

        var readable = node.Networks.Where(static file => file.List is not null).ToList();
        if (readable.Count > 1)
            yield return Several(node, readable);
        foreach (var fault in Faults(node, chosen.List!))
            yield return fault;
    }

    private static Finding Missing(string directory) =>
        new(
            FindingIds.ConflistMissing,
            Severity.Error,
            $"{directory} has no network config",
            "the runtime says \"cni plugin not initialized\", the node is NotReady and starts no pod",
            "install the cluster's network (flannel's DaemonSet, or a conflist such as examples/bridge.conflist); where it is "
                + "installed, see why its pod on this node does not run"
        )
        {
            Subject = directory,
        };

    private static Finding Broken(Node node, NetworkFile file) =>
        new(
            FindingIds.ConflistBroken,
            Severity.Error,
            $"{node.OnNode(file.Path)}: {file.Fault}",
            "runtimes skip it or refuse all configs of the directory; which one the pods get depends on the runtime",
            "correct or remove it; `<plugin> validate` reports the error in a plugin's part, and its position"
        )
        {
            Subject = file.Path,
        };

    private static Finding Several(Node node, List<NetworkFile> files) =>
        new(
            FindingIds.ConflistSeveral,
            Severity.Warning,
            $"{files.Count} network configs: {string.Join(", ", files.Select(file => node.OnNode(file.Path)))}; the runtime takes the "
                + $"first, network {files[0].List!.Name}",
            "the other configs have no effect; a config that sorts before it changes every new pod's network",
            "remove the unwanted configs, or give yours a name that sorts first, such as 05-…"
        )
        {
            Subject = string.Join(',', files.Select(static file => file.Path)),
        };

    private static IEnumerable<Finding> Faults(Node node, Conflist list)
    {
        var plugins = new PluginInspector([.. node.BinDirectories.Select(node.Under)]);
        foreach (var type in list.Types)
        {
            if (plugins.FindFault(type, list.CniVersion) is not { } fault)
                continue;
            yield return new Finding(
                FindingIds.PluginMissing,
                Severity.Error,
                $"plugin {type} of network {list.Name}: {fault.Path}: {fault.Why}",
                "every new pod on this node fails with it",
                $"the runtime looks into {node.DescribeBinDirectories()}: `installer install --bin-dir {InstallsInto(node)}` puts ours "
                    + "there; for foreign plugins, copy one for this processor there, mode 0755"
            )
            {
                Subject = type,
            };
        }
    }

    private static string InstallsInto(Node node) => node.Options.BinDirectories is [var given, ..] ? given : "auto";
}
