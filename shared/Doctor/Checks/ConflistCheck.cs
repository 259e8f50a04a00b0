using System.Globalization;
using Plugboard.Doctor.Nodes;

namespace Plugboard.Doctor.Checks;

/// <summary>Which network configs the runtime takes, and whether they can be read.</summary>
internal sealed class ConflistCheck : ICheck
{
    public string Name => "network configs";

    public IEnumerable<Finding> Examine(Node node)
    {
        foreach (var broken in node.Networks.Where(static file => file.Fault is not null))
            yield return Broken(node, broken);
        // A broken config has its own finding, which explains that there is no network.
        if (node.Networks.Count == 0)
            yield return Missing(node);
        else if (node.Runtime?.DefaultNetwork is { } wanted && node.ChosenNetwork is null)
            yield return NotNamed(node, wanted);
        if (FindSeveral(node) is { } several)
            yield return several;
    }

    private static Finding Missing(Node node)
    {
        var directory = node.ConfDirectory;
        var names = NetworkFile.FindPassedOver(node.Options.HostRoot, directory);
        return new Finding(
            FindingIds.ConflistMissing,
            Severity.Error,
            names is null ? $"{directory} does not exist"
                : names.Count == 0 ? $"{directory} has no network config"
                : $"{directory} has no network config; no runtime reads {string.Join(", ", names)}",
            "the runtime says \"cni plugin not initialized\", the node is NotReady and starts no pod",
            Remedy(node, names ?? [])
        )
        {
            Subject = directory,
        };
    }

    private static string Remedy(Node node, IReadOnlyList<string> passedOver)
    {
        if (node.Runtime?.Template is { } template)
            return $"containerd makes it from {template} (conf_template) once the node has a podCIDR (`kubectl get node -o "
                + "jsonpath='{.spec.podCIDR}'`): see why it has none, or remove the key";
        var install =
            "install the cluster's network (flannel's DaemonSet, or a conflist such as examples/bridge.conflist); where it is "
            + "installed, see why its pod on this node does not run";
        return passedOver.Count == 0
            ? install
            : "if one of these is the cluster's, give it a name that ends in .conflist (Cilium adds .cilium_bak to all but its own); else "
                + install;
    }

    private static Finding NotNamed(Node node, string wanted) =>
        new(
            FindingIds.ConflistMissing,
            Severity.Error,
            $"no network config of {node.ConfDirectory} has the name {wanted}, the only one that {node.Runtime!.Runtime} uses "
                + "(cni_default_network)",
            "the node is NotReady and starts no pod",
            $"give cni_default_network the name of one of these: {Names(node, node.Networks)}; or remove it, and the first is used"
        )
        {
            Subject = node.ConfDirectory,
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

    // podman uses all of them: for it, several are as it should be.
    private static Finding? FindSeveral(Node node)
    {
        // Who says which ones, or all, wants the others to be as they are.
        if (node.Runtime is { DefaultNetwork: not null } or { UsedConfigs: 0 })
            return null;
        var most = node.Runtime?.UsedConfigs ?? 1;
        var readable = node.Networks.Where(static file => file.List is not null).ToList();
        if (!node.PodmanUsesAll)
            return readable.Count > most ? Several(node, readable) : null;
        if (node.Runtime is null)
            return null;
        var others = readable.Where(static file => !file.IsOfPodman).ToList();
        if (others.Count > 0 && readable[0].IsOfPodman)
            return PodmanFirst(node, readable[0], others[0]);
        return others.Count > most ? Several(node, others) : null;
    }

    private static Finding Several(Node node, List<NetworkFile> files) =>
        new(
            FindingIds.ConflistSeveral,
            Severity.Warning,
            $"{files.Count} network configs: {Names(node, files)}; the runtime takes {Taken(node, files)}",
            "the other configs have no effect; a config that sorts before it changes every new pod's network",
            node.PodmanUsesAll
                ? "remove those that neither the cluster nor podman needs (`podman network ls`: podman uses all), or give the cluster's "
                    + "config a name that sorts first, such as 05-…"
                : "remove the unwanted configs, or give yours a name that sorts first, such as 05-…"
        )
        {
            Subject = string.Join(',', files.Select(static file => file.Path)),
        };

    private static string Taken(Node node, List<NetworkFile> files) =>
        node.Runtime?.UsedConfigs is > 1 and var most
            ? string.Create(CultureInfo.InvariantCulture, $"the first {most} (max_conf_num)")
            : $"the first, network {files[0].List!.Name}";

    private static Finding PodmanFirst(Node node, NetworkFile podmans, NetworkFile other) =>
        new(
            FindingIds.ConflistSeveral,
            Severity.Warning,
            $"{Names(node, [podmans, other])}: {node.Runtime!.Runtime} takes the first by name, and it is a network of podman's",
            $"pods get addresses of {podmans.List!.Name}, not of {other.List!.Name}",
            $"give the cluster's config a name that sorts first: `mv {node.OnNode(other.Path)} "
                + $"{Path.GetDirectoryName(node.OnNode(other.Path))}/05-{Path.GetFileName(other.Path)}`; leave podman's: podman uses it"
        )
        {
            Subject = podmans.Path,
        };

    private static string Names(Node node, IEnumerable<NetworkFile> files) =>
        string.Join(", ", files.Select(file => node.OnNode(file.Path)));
}
