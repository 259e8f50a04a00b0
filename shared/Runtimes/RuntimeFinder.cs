using System.Text;

namespace Plugboard.Runtimes;

/// <summary>
/// Finds the container runtime of a host, and where it looks for plugins and network configs. Of several installed runtimes it takes the
/// one that the kubelet is configured for, else the only one that runs (its socket exists), else the first, and says which others there
/// are.
/// </summary>
public static class RuntimeFinder
{
    private const string ContainerdFile = "/etc/containerd/config.toml";
    private const string KubeletFlags = "/var/lib/kubelet/kubeadm-flags.env";
    private const string KubeletConfig = "/var/lib/kubelet/config.yaml";

    /// <summary>Where the host's runtime looks; null if no runtime that uses CNI was found.</summary>
    /// <param name="hostRoot">The directory where the host's root is seen.</param>
    public static RuntimePaths? Find(string hostRoot)
    {
        var files = new HostFiles(hostRoot);
        var found = All(files).ToList();
        if (found.Count < 2)
            return found.Count == 0 ? null : found[0].Paths;
        if (OfKubelet(files, found) is { } used)
            return used.Paths;
        var running = found.FindAll(runtime => files.Exists(runtime.Socket));
        if (running.Count == 1)
            return running[0].Paths;
        var first = running.Count > 0 ? running[0] : found[0];
        var others = string.Join(" and ", found.Where(other => other != first).Select(static other => other.Paths.Describe()));
        return first.Paths with
        {
            Problems = [.. first.Paths.Problems, $"{first.Paths.Runtime} was taken for the runtime; also here: {others}"],
        };
    }

    private static IEnumerable<Installed> All(HostFiles files)
    {
        foreach (var (name, directory, socket) in Rancher)
        {
            var path = $"{directory}/agent/etc/containerd/config.toml";
            if (files.Exists(path) && ContainerdConfig.Read(files, path, release: null) is { IsDisabled: false } config)
                yield return new Installed(config.Paths(name, ContainerdDefaults.Upstream), socket);
        }

        if (files.Exists(CrioConfig.MainFile) || files.List(CrioConfig.Directory).Count > 0)
            yield return new Installed(CrioConfig.Read(files), "/run/crio/crio.sock");
        if (
            HasContainerd(files)
            && ContainerdConfig.Read(files, ContainerdFile, ContainerdDefaults.FindMajor(files)) is { IsDisabled: false } containerd
        )
            yield return new Installed(containerd.Paths("containerd", ContainerdDefaults.Of(files)), "/run/containerd/containerd.sock");
    }

    // Their containerd reads a file that they write.
    private static IReadOnlyList<(string Name, string Directory, string Socket)> Rancher =>
        [
            ("k3s", "/var/lib/rancher/k3s", "/run/k3s/containerd/containerd.sock"),
            ("RKE2", "/var/lib/rancher/rke2", "/run/k3s/containerd/containerd.sock"),
        ];

    private static bool HasContainerd(HostFiles files) =>
        files.Exists(ContainerdFile)
        || files.Exists("/usr/bin/containerd")
        || files.Exists("/usr/local/bin/containerd")
        || ContainerdDefaults.FindVersion(files) is not null;

    // --container-runtime-endpoint=unix:///var/run/crio/crio.sock, or containerRuntimeEndpoint: in the config.
    private static Installed? OfKubelet(HostFiles files, List<Installed> found)
    {
        foreach (var path in (string[])[KubeletFlags, KubeletConfig])
        {
            var text = Encoding.UTF8.GetString(files.FindList(path) ?? []);
            var named = found.FindAll(runtime => text.Contains(runtime.Socket["/run".Length..], StringComparison.Ordinal));
            // k3s' path ends as containerd's does; it is first in the list.
            if (named.Count > 0)
                return named[0];
        }

        return null;
    }

    private sealed record Installed(RuntimePaths Paths, string Socket);
}
