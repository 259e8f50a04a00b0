using System.Text.Json.Nodes;
using Plugboard.Linux.Mounts;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>
/// A node with kubelet's directories, the driver under its names, and an /etc, /run and /var/lib of its own, in a mount table that ends
/// with it. Calls are made as kubelet makes them.
/// </summary>
internal sealed class FlexNode : IDisposable
{
    public const string Uid = "0e6d1c2a-1111-2222-3333-444455556666";
    public const string Plugins = "/var/lib/plugins";
    public const string Kubelet = "/var/lib/kubelet";

    private static readonly string[] drivers =
    [
        "plugboard~local",
        "plugboard~loop",
        "plugboard~tmpfs",
        "plugboard~nfs",
        "plugboard~cifs",
        "plugboard~uds",
        "k8s~nfs",
        "alicloud~nas",
        "fstab~cifs",
        "juliohm~cifs",
        "microsoft.com~smb",
        "nodeagent~uds",
        "ramax.com~local-storage",
        "kvaps~loop",
    ];

    private readonly TestMachine machine = new();

    public FlexNode()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("plugboard-flex-").FullName;
        machine.Run(MakeDirectories);
        machine.Ip("link set lo up");
    }

    private void MakeDirectories()
    {
        var (upper, work) = ($"{Directory}/upper", $"{Directory}/work");
        TestMachine.Mount("node", Directory, "tmpfs");
        System.IO.Directory.CreateDirectory(upper);
        System.IO.Directory.CreateDirectory(work);
        TestMachine.Mount("etc", "/etc", "overlay", data: $"lowerdir=/etc,upperdir={upper},workdir={work}");
        System.IO.Directory.CreateDirectory("/etc/flexvolume");
        TestMachine.Mount("run", "/run", "tmpfs");
        TestMachine.Mount("lib", "/var/lib", "tmpfs");
        foreach (var driver in drivers)
        {
            System.IO.Directory.CreateDirectory($"{Plugins}/{driver}");
            File.CreateSymbolicLink(Executable(driver), $"{PluginDirectory.Ours}/flexvolume");
        }
    }

    /// <summary>A directory of this test's own.</summary>
    public string Directory { get; }

    public TestMachine Machine => machine;

    private static string Name(string driver) => driver[(driver.IndexOf('~') + 1)..];

    public static string Executable(string driver) => $"{Plugins}/{driver}/{Name(driver)}";

    /// <summary>The directory of a pod's volume; kubelet makes it before it calls.</summary>
    public static string PodDirectory(string driver, string volume, string uid = Uid) => $"{Kubelet}/pods/{uid}/volumes/{driver}/{volume}";

    /// <summary>The options argument: the author's and kubelet's own.</summary>
    public static string Options(string members = "", string volume = "v", string more = "")
    {
        var options = JsonNode.Parse($"{{{members}}}")!.AsObject();
        options["kubernetes.io/fsType"] = "";
        options["kubernetes.io/readwrite"] = "rw";
        options["kubernetes.io/pvOrVolumeName"] = volume;
        options["kubernetes.io/pod.name"] = "pod";
        options["kubernetes.io/pod.namespace"] = "ns";
        options["kubernetes.io/pod.uid"] = Uid;
        options["kubernetes.io/serviceAccount.name"] = "default";
        foreach (var (key, value) in JsonNode.Parse($"{{{more}}}")!.AsObject())
            options[key] = value!.DeepClone();
        return options.ToJsonString();
    }

    /// <summary>Calls a driver.</summary>
    public FlexOutput Call(string driver, params string[] args) => Run([Executable(driver), .. args]);

    public FlexOutput Run(string[] command)
    {
        var (exitCode, output, error) = machine.TryTool(command);
        return new FlexOutput(exitCode, output, error);
    }

    /// <summary>Mounts a volume and returns where.</summary>
    public string Mount(string driver, string members, string volume = "v", string more = "")
    {
        var target = PodDirectory(driver, volume);
        Call(driver, "mount", target, Options(members, volume, more)).Succeeded();
        return target;
    }

    public FlexOutput TryMount(string driver, string members, string volume = "v", string more = "") =>
        Call(driver, "mount", PodDirectory(driver, volume), Options(members, volume, more));

    public FlexOutput Unmount(string driver, string volume = "v") => Call(driver, "unmount", PodDirectory(driver, volume));

    /// <summary>Runs a script, which must succeed, and returns what it printed.</summary>
    public string Shell(string script)
    {
        var (exitCode, output, error) = machine.TryTool(["sh", "-ec", script]);
        return exitCode == 0 ? output.TrimEnd('\n') : throw new InvalidOperationException($"`{script}`: {error}{output}");
    }

    /// <summary>A script in which a process <c>sleep</c> has a file open while a command runs, whatever that exits with.</summary>
    public static string WhileOpen(string file, string command) =>
        $"touch {file}; sleep 60 < {file} & for i in $(seq 1000); do grep -qx sleep /proc/$!/comm && break; done; {command}; kill $!";

    public IReadOnlyList<MountEntry> LayersOn(string target) => machine.Run(() => MountTable.Read().LayersOn(target));

    public MountEntry? Top(string target) => machine.Run(() => MountTable.Read().FindTop(target));

    /// <summary>All that a call could have left: mounts, loop devices of this node's images, kubelet's directories and our own.</summary>
    public IReadOnlyList<string> State() =>
        machine.Run(() =>
        {
            var facts = new List<string>();
            foreach (var entry in MountTable.Read().Entries)
                facts.Add($"mount {entry.Target} {entry.Type} {entry.Source} {entry.Options}");
            foreach (
                var backing in LoopDevice.List().Where(static backing => backing.File.Contains("/flexvolume/", StringComparison.Ordinal))
            )
                facts.Add($"loop {backing.File}");
            foreach (var root in (string[])["/run/flexvolume", $"{Kubelet}/pods", "/var/run/nodeagent"])
            {
                if (System.IO.Directory.Exists(root))
                    facts.AddRange(
                        System
                            .IO.Directory.GetFileSystemEntries(root, "*", SearchOption.AllDirectories)
                            .Where(static path => !IsParent(path))
                            .Select(static path => $"file {path}")
                    );
            }

            facts.Sort(StringComparer.Ordinal);
            return facts;
        });

    // kubelet removes these itself, and the lock directory is made once.
    private static bool IsParent(string path) =>
        path.EndsWith("/volumes", StringComparison.Ordinal)
        || path.EndsWith(Uid, StringComparison.Ordinal)
        || path.Split('/')[^2] == "volumes"
        || path is "/run/flexvolume/locks" or "/var/run/nodeagent/mount" or "/var/run/nodeagent/creds";

    public void Dispose()
    {
        foreach (var entry in machine.Run(() => MountTable.Read().Below("/var/lib")))
            machine.TryTool(["umount", "-l", entry.Target]);
        machine.TryTool(["umount", "-l", "/etc"]);
        machine.TryTool(["umount", "-l", Directory]);
        machine.Dispose();
        System.IO.Directory.Delete(Directory);
    }
}
