using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>The installer's commands for the driver and its volumes, and what the driver answers to a person.</summary>
[Collection("loop devices")]
public sealed class PeopleTests : IDisposable
{
    private const string Directory = "/var/lib/exec";
    private static readonly string driver = $"{PluginDirectory.Ours}/flexvolume";
    private static readonly string installer = $"{PluginDirectory.Ours}/installer";
    private readonly FlexNode node = new();

    private string Command(string arguments) => node.Shell($"{installer} flexvolume {arguments}");

    [KernelFact]
    public void What_the_installer_installed_is_verified()
    {
        const string Names = "plugboard/local,k8s/nfs";
        node.Shell($"mkdir -p {Directory}; {installer} install --plugins none --flexvolume-dir {Directory} --flexvolume {Names}");
        Assert.Matches(
            "^plugboard/local: ok, init in [0-9]+ ms\nk8s/nfs: ok, init in [0-9]+ ms$",
            Command($"verify --flexvolume-dir {Directory} --flexvolume {Names}")
        );
        node.Shell($"{installer} uninstall --plugins none --flexvolume-dir {Directory} --flexvolume {Names}");
        Assert.Equal("", node.Shell($"ls -A {Directory}"));
    }

    [KernelFact]
    public void A_driver_that_an_earlier_build_installed_itself_is_taken_over()
    {
        node.Shell($"mkdir -p {Directory}/plugboard~local; cp {PluginDirectory.Ours}/flexvolume {Directory}/plugboard~local/local");
        Assert.Contains(
            "unchanged",
            node.Shell($"{installer} install --plugins none --flexvolume-dir {Directory} --flexvolume plugboard/local"),
            StringComparison.Ordinal
        );
        node.Shell($"{installer} uninstall --plugins none --flexvolume-dir {Directory} --flexvolume plugboard/local");
        Assert.Equal("", node.Shell($"ls -A {Directory}"));
    }

    [KernelTheory]
    [InlineData("echo '{\"status\":\"Failed\"}'", "init says \"Failed\" instead of \"Success\"")]
    [InlineData("echo oops >&2; echo '{\"status\":\"Success\"}'", "wrote to standard error")]
    [InlineData("exit 3", "exit code 3")]
    public void Verify_finds_what_kubelet_would_not_like(string script, string problem)
    {
        node.Shell(
            $"mkdir -p {Directory}/plugboard~local; printf '%s\\n' '#!/bin/sh' "
                + $"\"{script.Replace("\"", "\\\"", StringComparison.Ordinal)}\" > {Directory}/plugboard~local/local; chmod +x "
                + $"{Directory}/plugboard~local/local"
        );
        var output = node.Run([installer, "flexvolume", "verify", "--flexvolume-dir", Directory, "--flexvolume", "plugboard/local"]);
        Assert.Equal(1, output.ExitCode);
        Assert.Contains(problem, output.Output, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Check_tells_what_would_be_done_and_does_nothing()
    {
        var before = node.State();
        Assert.Equal(
            "bind /var/lib/flexvolume/local/default/a on "
                + "/var/lib/kubelet/pods/00000000-0000-4000-8000-000000000000/volumes/plugboard~local/volume "
                + "(NoSuid, NoDev)",
            Command("check --driver plugboard/local '{\"path\":\"default/a\"}'")
        );
        var nfs = node.Run([installer, "flexvolume", "check", "--driver", "plugboard/nfs", "{\"server\":\"127.0.0.1\",\"share\":\"/x\"}"]);
        Assert.Equal(1, nfs.ExitCode);
        Assert.EndsWith("server 127.0.0.1 is 127.0.0.1: TCP 2049 connect: refused\n", nfs.Output, StringComparison.Ordinal);
        Assert.Equal(
            "it would fail: local: unknown option \"pat\" (did you mean \"path\"?)\n",
            node.Run([installer, "flexvolume", "check", "--driver", "plugboard/local", "{\"pat\":\"a\"}"]).Output
        );
        Assert.Equal(before, node.State());
    }

    [KernelFact]
    public void List_tells_of_what_was_removed()
    {
        node.Mount("plugboard~local", "", "a");
        node.Mount("plugboard~local", "", "b");
        node.Mount("plugboard~loop", "\"file\":\"ns/a.img\",\"size\":\"16Mi\"");
        Assert.Equal(3, Command("list").Split('\n').Count(static line => line.StartsWith("ok\t", StringComparison.Ordinal)));
        node.Shell("rmdir /var/lib/flexvolume/local/ns/b; rm /var/lib/flexvolume/loop/ns/a.img");
        var list = node.Run([installer, "flexvolume", "list"]);
        Assert.Equal(1, list.ExitCode);
        Assert.Equal(
            ["directory removed", "image removed", "ok"],
            list.Output.TrimEnd().Split('\n').Select(static line => line.Split('\t')[0]).Order(StringComparer.Ordinal)
        );
        node.Unmount("plugboard~loop").Succeeded();
    }

    [KernelFact]
    public void List_of_a_thousand_mounts_of_which_one_is_dead_takes_less_than_a_tenth_of_a_second()
    {
        var parent = $"{FlexNode.Kubelet}/pods/{FlexNode.Uid}/volumes/plugboard~tmpfs";
        node.Shell($"mkdir -p {parent}; cd {parent}; seq 1000 | xargs mkdir; mount -t fusectl none /sys/fs/fuse/connections");
        // A daemon that never answers: a process that looks at this mount waits for ever.
        using var daemon = node.Machine.Run(() => File.OpenHandle("/dev/fuse", FileMode.Open, FileAccess.ReadWrite));
        node.Machine.Run(() =>
        {
            for (var i = 1; i < 1000; i++)
            {
                using var directory = FileDescriptor.OpenPath($"{parent}/{i}");
                new Mounting().Filesystem(new FilesystemMount("tmpfs") { Source = "flexvolume" }, directory);
            }

            using var target = FileDescriptor.OpenPath($"{parent}/1000");
            var fd = daemon.DangerousGetHandle().ToInt32().ToString(System.Globalization.CultureInfo.InvariantCulture);
            new Mounting().Filesystem(
                new FilesystemMount("fuse")
                {
                    Source = "dead",
                    Parameters = [new("fd", fd), new("rootmode", "40000"), new("user_id", "0"), new("group_id", "0")],
                },
                target
            );
            return true;
        });
        Timing.Within(
            TimeSpan.FromMilliseconds(100),
            () =>
            {
                var started = System.Diagnostics.Stopwatch.GetTimestamp();
                var list = node.Run([installer, "flexvolume", "list"]);
                var taken = System.Diagnostics.Stopwatch.GetElapsedTime(started);
                var lines = list.Output.TrimEnd().Split('\n');
                Assert.Equal(
                    (1, 1000, 999),
                    (list.ExitCode, lines.Length, lines.Count(static line => line.StartsWith("ok\t", StringComparison.Ordinal)))
                );
                Assert.Contains($"daemon does not answer\tplugboard/tmpfs\tfuse\tdead\t{parent}/1000", lines);
                return taken;
            }
        );
    }

    [KernelFact]
    public void List_tells_of_a_filesystem_that_became_read_only()
    {
        var target = node.Mount("plugboard~loop", "\"file\":\"ns/a.img\",\"size\":\"16Mi\"");
        // What errors=remount-ro does: the filesystem, not the mount.
        node.Shell($"mount -o remount,ro {target}; mount -o remount,bind,rw {target}");
        Assert.StartsWith(
            "filesystem became read-only\tplugboard/loop\text4\t",
            node.Run([installer, "flexvolume", "list"]).Output,
            StringComparison.Ordinal
        );
        node.Unmount("plugboard~loop").Succeeded();
    }

    [KernelFact]
    public void Gc_frees_loop_devices_and_the_files_of_pods_that_are_gone()
    {
        node.Shell(
            $"""
            mkdir -p /var/lib/flexvolume/loop /var/run/nodeagent/mount/{FlexNode.Uid} \
                /var/run/nodeagent/mount/gone /var/run/nodeagent/creds {FlexNode.Kubelet}/pods/{FlexNode.Uid}
            touch /var/run/nodeagent/creds/{FlexNode.Uid}.json /var/run/nodeagent/creds/gone.json
            truncate -s 16M /var/lib/flexvolume/loop/left.img
            """
        );
        var device = node.Shell("losetup -f --show /var/lib/flexvolume/loop/left.img");
        string[] expected =
        [
            $"loop device {device} of /var/lib/flexvolume/loop/left.img, which nothing is mounted from",
            "directory /var/run/nodeagent/mount/gone of a pod that is gone",
            "file /var/run/nodeagent/creds/gone.json of a pod that is gone",
        ];
        Assert.Equal(string.Join('\n', expected.Select(static line => "would remove " + line)), Command("gc --dry-run"));
        Assert.Equal(string.Join('\n', expected.Select(static line => "removed " + line)), Command("gc"));
        Assert.Equal("nothing is left over", Command("gc"));
        Assert.Equal($"{FlexNode.Uid}", node.Shell("ls /var/run/nodeagent/mount"));
    }

    [KernelFact]
    public void Gc_takes_away_the_mounts_and_empty_directories_of_pods_that_have_no_control_group()
    {
        const string Gone = "11111111-1111-2222-3333-444455556666";
        const string Groups = "/run/cgroup";
        var live = node.Mount("plugboard~tmpfs", "\"size\":\"1Mi\"");
        var mounted = FlexNode.PodDirectory("plugboard~tmpfs", "m", Gone);
        node.Call("plugboard~tmpfs", "mount", mounted, FlexNode.Options("\"size\":\"1Mi\"")).Succeeded();
        var (empty, full, foreign) = (
            FlexNode.PodDirectory("plugboard~local", "e", Gone),
            FlexNode.PodDirectory("plugboard~local", "f", Gone),
            FlexNode.PodDirectory("acme~other", "x", Gone)
        );
        node.Shell($"mkdir -p {empty} {full} {foreign}; touch {full}/file /run/flexvolume/locks/0123456789abcdef");
        string[] expected =
        [
            $"directory {empty} of a pod that is gone",
            $"tmpfs mount {mounted} of a pod that is gone",
            "file /run/flexvolume/locks/0123456789abcdef of an unused lock",
        ];
        // Where kubelet makes no control groups nothing is known of pods.
        Assert.Equal($"would remove {expected[2]}", Command($"gc --dry-run --cgroup-dir {Groups}"));
        node.Shell(
            $"mkdir -p {Groups}/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{FlexNode.Uid.Replace('-', '_')}.slice"
        );
        var dry = Command($"gc --dry-run --cgroup-dir {Groups}").Split('\n');
        Assert.Equal(
            expected
                .Append($"directory {full} of a pod that is gone")
                .Select(static line => "would remove " + line)
                .Order(StringComparer.Ordinal),
            dry.Order(StringComparer.Ordinal)
        );
        var done = Command($"gc --cgroup-dir {Groups}").Split('\n');
        Assert.All(expected, line => Assert.Contains("removed " + line, done));
        Assert.Contains(
            $"left directory {full} of a pod that is gone: unmount: {full} is not empty, it contains \"file\"; nothing in it was deleted",
            done
        );
        Assert.NotNull(node.Top(live));
        Assert.Equal("file", node.Shell($"ls {full}; ls {foreign}"));
        Assert.Equal("f", node.Shell($"ls {FlexNode.Kubelet}/pods/{Gone}/volumes/plugboard~local"));
    }

    [KernelFact]
    public void Gc_leaves_open_files_and_locks_that_are_held()
    {
        const string Gone = "11111111-1111-2222-3333-444455556666";
        var target = FlexNode.PodDirectory("plugboard~tmpfs", "m", Gone);
        node.Call("plugboard~tmpfs", "mount", target, FlexNode.Options("\"size\":\"1Mi\"")).Succeeded();
        node.Shell("mkdir -p /run/cgroup/kubepods/burstable; touch /run/flexvolume/locks/held");
        var report = node.Shell(
            FlexNode.WhileOpen($"{target}/log", $"flock /run/flexvolume/locks/held {installer} flexvolume gc --cgroup-dir /run/cgroup")
        );
        Assert.Matches(
            $"^left tmpfs mount {target} of a pod that is gone: unmount: {target} is busy: pid [0-9]+ \\(sleep\\) has {target}/log "
                + "open; kubelet will retry$",
            report
        );
        Assert.Equal("held", node.Shell("ls /run/flexvolume/locks"));
        Assert.NotNull(node.Top(target));
    }

    [KernelTheory]
    [InlineData("install --plugin-dir /x --name plugboard/local", "installer install --plugins none --flexvolume")]
    [InlineData("uninstall", "installer uninstall --plugins none --flexvolume")]
    [InlineData("verify", "installer flexvolume verify")]
    [InlineData("check", "installer flexvolume check")]
    [InlineData("list", "installer flexvolume list")]
    [InlineData("gc --dry-run", "installer flexvolume gc")]
    [InlineData("convert pv.yaml", "installer flexvolume convert")]
    public void A_driver_says_where_its_commands_went(string arguments, string now)
    {
        var words = arguments.Split(' ');
        node.Shell($"mkdir -p /run/plugboard~local && cp {driver} /run/plugboard~local/local");
        var output = node.Run(["/run/plugboard~local/local", .. words]);
        Assert.Equal((2, "", $"flexvolume: '{words[0]}' is now '{now}'\n"), (output.ExitCode, output.Output, output.Error));
    }

    [KernelTheory]
    [InlineData("verify --flexvolume-dir /x --flexvolume plugboard/local")]
    [InlineData("check --driver k8s/nfs {\"server\":\"127.0.0.1\",\"share\":\"/x\"}")]
    [InlineData("list")]
    [InlineData("gc --dry-run")]
    [InlineData("convert /nonexistent")]
    public void The_installer_beside_it_serves_the_commands_that_it_had(string arguments)
    {
        var words = arguments.Split(' ');
        var (then, now) = (node.Run([driver, .. words]), node.Run([installer, "flexvolume", .. words]));
        Assert.Equal((now.ExitCode, now.Output), (then.ExitCode, then.Output));
        Assert.Equal($"flexvolume: '{words[0]}' is now 'installer flexvolume {words[0]}'\n{now.Error}", then.Error);
    }

    [KernelFact]
    public void Unknown_arguments_are_reported_in_one_line()
    {
        var output = node.Run([driver, "frobnicate"]);
        Assert.Equal(2, output.ExitCode);
        Assert.Equal("flexvolume: unknown arguments: frobnicate; flexvolume --help lists them\n", output.Output);
        Assert.Equal(2, node.Run([installer, "flexvolume", "frobnicate"]).ExitCode);
        Assert.Equal(2, node.Run([installer, "flexvolume", "verify"]).ExitCode);
        var unknown = node.Run([installer, "flexvolume", "verify", "--flexvolume", "a/b"]);
        Assert.Equal((1, ""), (unknown.ExitCode, unknown.Output));
        Assert.StartsWith("installer: \"a/b\" is not a driver of ours", unknown.Error, StringComparison.Ordinal);
    }

    /// <summary>The example PersistentVolumes that this kernel can mount.</summary>
    public static TheoryData<string, string> Examples =>
        new()
        {
            { "local", "plugboard~local" },
            { "loop", "plugboard~loop" },
            { "tmpfs", "plugboard~tmpfs" },
            { "uds", "nodeagent~uds" },
        };

    [KernelTheory]
    [MemberData(nameof(Examples))]
    public void The_examples_are_mounted(string name, string tilded)
    {
        var (found, members) = ExampleVolume.Read(name);
        Assert.Equal(tilded, found.Replace('/', '~'));
        var target = node.Mount(tilded, members, more: "\"kubernetes.io/pod.namespace\":\"shop\"");
        Assert.NotNull(node.Top(target));
        node.Unmount(tilded).Succeeded();
    }

    [KernelFact]
    public void The_example_of_a_node_config_is_read()
    {
        node.Shell($"cp {PluginDirectory.Root}/examples/flexvolume/plugboard~local.json /etc/flexvolume/; mkdir -p /run/volumes");
        node.TryMount("plugboard~local", "\"path\":\"/etc\"")
            .Failed("local: path \"/etc\" leaves the allowed root /srv/volumes (node config)");
    }

    [KernelTheory]
    [InlineData("nfs", "driver: nfs.csi.k8s.io", "subDir: \"sub\"")]
    [InlineData("cifs", "driver: smb.csi.k8s.io", "- \"noperm\"")]
    [InlineData("local", "path: \"/var/lib/flexvolume/local/shop/data\"", "nodeAffinity:")]
    [InlineData("loop", "path: \"/mnt/flex-loop\"", "/var/lib/flexvolume/loop/shop/disk.img /mnt/flex-loop ext4 loop,")]
    [InlineData("tmpfs", "medium: Memory", "sizeLimit: \"16Mi\"")]
    [InlineData("uds", "driver: csi.tigera.io")]
    public void The_examples_are_converted(string name, params string[] lines)
    {
        var converted = Command($"convert {PluginDirectory.Root}/examples/flexvolume/{name}.yaml");
        Assert.All(lines, line => Assert.Contains(line, converted, StringComparison.Ordinal));
    }

    public void Dispose() => node.Dispose();
}
