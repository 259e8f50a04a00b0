using System.Text;
using Plugboard.Documents;
using Plugboard.Linux;

namespace Plugboard.Runtimes;

/// <summary>
/// Finds a podman that uses CNI: one of version 3, or a later one with <c>network_backend = "cni"</c> in containers.conf or with no other
/// network backend. It uses every network config of its directory, by name. Source: containers.conf(5); containers/common,
/// libnetwork/network/interface.go (NetworkBackend).
/// </summary>
public static class PodmanFinder
{
    private const string ChosenBackend = "/var/lib/containers/storage/defaultNetworkBackend";
    private const string DropIns = "/etc/containers/containers.conf.d";
    private const string Cni = "cni";

    /// <summary>Where podman looks; null if it is absent, or does not use CNI.</summary>
    /// <param name="hostRoot">The directory where the host's root is seen.</param>
    public static RuntimePaths? Find(string hostRoot)
    {
        var files = new HostFiles(hostRoot);
        if (!files.Exists("/usr/bin/podman") && !files.Exists("/usr/local/bin/podman"))
            return null;
        var config = new Config();
        foreach (
            var path in (string[])
                [
                    "/usr/share/containers/containers.conf",
                    "/etc/containers/containers.conf",
                    .. files
                        .List(DropIns)
                        .Where(static name => name.EndsWith(".conf", StringComparison.Ordinal))
                        .Select(static name => $"{DropIns}/{name}"),
                ]
        )
            Read(files, path, config);
        if ((config.Backend ?? BackendByItself(files)) != Cni)
            return null;
        return new RuntimePaths(
            "podman",
            config.Plugins?.Directories ?? DefaultPlugins,
            config.Networks?.Directories[0] ?? RuntimePaths.UsualConfDirectory,
            config.Plugins?.Place ?? "podman's default, which no file changes"
        );
    }

    private static string[] DefaultPlugins =>
        [
            "/usr/local/libexec/cni",
            "/usr/libexec/cni",
            "/usr/local/lib/cni",
            RuntimePaths.DebianBinDirectory,
            RuntimePaths.UpstreamBinDirectory,
        ];

    // What cannot be read, podman cannot read either: it does not start, and has no networks.
    private static void Read(HostFiles files, string path, Config config)
    {
        try
        {
            if (files.Find(path) is not { } content)
                return;
            var network = TomlDocumentReader.Read(content).Find("network")?.AsMap();
            config.Backend = network?.Find("network_backend")?.AsText() is { Length: > 0 } backend ? backend : config.Backend;
            config.Plugins = ConfigSetting.FindMany(network, "cni_plugin_dirs", path) ?? config.Plugins;
            config.Networks = ConfigSetting.FindOne(network, "network_config_dir", path) ?? config.Networks;
        }
        catch (Exception e) when (e is DocumentException or ErrnoException)
        {
            config.Backend ??= "";
        }
    }

    // A later podman chooses at its first start and writes it down; before that, and in version 3, netavark's absence tells.
    private static string BackendByItself(HostFiles files)
    {
        if (files.FindList(ChosenBackend) is { } chosen)
            return Encoding.UTF8.GetString(chosen).Trim();
        var hasNetavark = ((string[])["/usr/libexec/podman", "/usr/lib/podman", "/usr/local/libexec/podman", "/usr/local/lib/podman"]).Any(
            directory => files.Exists($"{directory}/netavark")
        );
        return hasNetavark ? "netavark" : Cni;
    }

    private sealed class Config
    {
        public string? Backend { get; set; }

        public ConfigSetting? Plugins { get; set; }

        public ConfigSetting? Networks { get; set; }
    }
}
