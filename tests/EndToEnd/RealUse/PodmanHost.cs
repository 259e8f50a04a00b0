using System.Diagnostics;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// podman with its CNI backend on a node of its own: storage, state and the CNI cache are directories and mounts of that node, and nothing
/// of the machine's containers is seen or touched. Every container is gone when it is disposed.
/// </summary>
internal sealed class PodmanHost : IDisposable
{
    private const string Image = "localhost/busybox:test";

    // Control groups are the machine's own: these have a unique name, and go with this object.
    private readonly string cgroup = "plugboard-test-" + Guid.NewGuid().ToString("N");

    private PodmanHost() { }

    /// <summary>A podman with one network, whose conflist may say DATA for the node's data directory, and an image.</summary>
    public static PodmanHost Open(string network)
    {
        var host = new PodmanHost();
        try
        {
            host.Isolate();
            host.Configure(network);
            host.ImportImage();
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    private void Isolate()
    {
        // podman wants the machine's own /sys, with its cgroups.
        Node.Tool("umount /sys");
        foreach (var path in new[] { "/run", "/var/lib/cni", "/var/lib/containers", "/var/tmp" })
        {
            if (path.StartsWith("/var/lib", StringComparison.Ordinal))
                Node.Tool("mkdir -p " + path);
            Node.Tool($"mount -t tmpfs podman {path}");
        }
    }

    /// <summary>Where it happens.</summary>
    public CniNode Node { get; } = new();

    // Without the limits the runtime tries to raise them, which not every machine allows.
    private string[] Limits => ["--cgroup-parent", "/" + cgroup, "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];

    private string Rootfs => Path.Combine(Node.Directory, "rootfs");

    /// <summary>Runs a podman command and returns what it printed; fails the test unless it exits with 0.</summary>
    public string Run(params string[] arguments)
    {
        var (exitCode, output, error) = Try(arguments);
        return exitCode == 0
            ? output
            : throw new InvalidOperationException($"podman {string.Join(' ', arguments)} exited with {exitCode}: {error}{output}");
    }

    /// <summary>Starts a container that runs a busybox command.</summary>
    public void Start(string name, params string[] command) => StartWith([], name, command);

    /// <summary>Starts a container with options of podman's.</summary>
    public void StartWith(string[] options, string name, params string[] command) =>
        StartImage([.. options, "--name", name], Image, command);

    /// <summary>Runs a container of any image, with options of podman's, until it ends.</summary>
    public CniOutput TryRunOnce(string[] options, string image, params string[] arguments)
    {
        var (exitCode, output, error) = Try(["run", .. Limits, "--rm", .. options, image, .. arguments]);
        return new CniOutput(exitCode, output, error);
    }

    /// <summary>Starts a container of any image, with options of podman's.</summary>
    public void StartImage(string[] options, string image, params string[] arguments) =>
        Run(["run", .. Limits, "--detach", .. options, image, .. arguments]);

    /// <summary>Runs a command in a container.</summary>
    public string Exec(string name, params string[] command) => Run(["exec", name, .. command]);

    /// <summary>A container's address.</summary>
    public string Address(string name) =>
        Run("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name).Trim();

    private (int ExitCode, string Output, string Error) Try(params string[] arguments) =>
        Node.TryTool([
            "env",
            $"CONTAINERS_CONF={Node.Directory}/containers.conf",
            $"CONTAINERS_STORAGE_CONF={Node.Directory}/storage.conf",
            "podman",
            "--tmpdir",
            "/run/podman-tmp",
            .. arguments,
        ]);

    private void Configure(string network)
    {
        Directory.CreateDirectory($"{Node.Directory}/net.d");
        File.WriteAllText(
            $"{Node.Directory}/storage.conf",
            $"""
            [storage]
            driver = "vfs"
            graphroot = "{Node.Directory}/storage"
            runroot = "/run/podman-storage"
            """
        );
        File.WriteAllText($"{Node.Directory}/net.d/test.conflist", network.Replace("DATA", Node.DataDirectory, StringComparison.Ordinal));
        File.WriteAllText(
            $"{Node.Directory}/containers.conf",
            $"""
            [network]
            network_backend = "cni"
            cni_plugin_dirs = ["{PluginDirectory.Ours}"]
            network_config_dir = "{Node.Directory}/net.d"
            default_network = "test"
            [engine]
            runtime = "runc"
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            """
        );
    }

    private void ImportImage()
    {
        Directory.CreateDirectory($"{Rootfs}/bin");
        Directory.CreateDirectory($"{Rootfs}/www");
        File.Copy("/bin/busybox", $"{Rootfs}/bin/busybox");
        foreach (var link in new[] { "sh", "httpd", "ip", "ping", "wget", "sleep" })
            File.CreateSymbolicLink($"{Rootfs}/bin/{link}", "busybox");
        File.WriteAllText($"{Rootfs}/www/index.html", "hello\n");
        Node.Tool($"tar -C {Rootfs} -cf {Node.Directory}/image.tar .");
        Run("import", $"{Node.Directory}/image.tar", Image);
    }

    public void Dispose()
    {
        Try("rm", "--force", "--all", "--time", "0");
        RemoveControlGroups();
        Node.Dispose();
    }

    // One is busy until the last process in it, podman's monitor, has come to its end.
    private void RemoveControlGroups()
    {
        string[] find = ["find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path", $"*/{cgroup}*"];
        var patience = Stopwatch.StartNew();
        while (Node.TryTool([.. find, "-delete"]).ExitCode != 0 && patience.Elapsed < TimeSpan.FromSeconds(5))
            Node.Tool("sleep 0.1");
    }
}
