using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>The commands for people, and what they promise to kubelet's prober.</summary>
[Collection("loop devices")]
public sealed class PeopleTests : IDisposable
{
    private const string Directory = "/var/lib/exec";
    private static readonly string executable = $"{PluginDirectory.Ours}/flexvolume";
    private readonly FlexNode node = new();

    private string Command(string arguments) => node.Shell($"{executable} {arguments}");

    [KernelFact]
    public void Install_verify_and_uninstall()
    {
        Assert.Equal("plugboard/local: installed in /var/lib/exec\nk8s/nfs: installed in /var/lib/exec", Command($"install --plugin-dir {Directory} --name plugboard/local --name k8s/nfs"));
        Assert.Matches("^plugboard/local: ok, init in [0-9]+ ms\nk8s/nfs: ok, init in [0-9]+ ms$", Command($"verify --plugin-dir {Directory} --name plugboard/local k8s/nfs"));
        Assert.Equal("k8s~nfs\nplugboard~local", node.Shell($"ls -A {Directory}"));
        Assert.Equal($"755 {Directory}/k8s~nfs/nfs", node.Shell($"stat -c '%a %n' {Directory}/k8s~nfs/*; ls -A {Directory}/k8s~nfs | grep -v '^nfs$' || true"));
        Assert.Equal("plugboard/local: replaced in /var/lib/exec", Command($"install --plugin-dir {Directory} --name plugboard/local"));
        Assert.Equal("plugboard/local: removed\nplugboard/tmpfs: was not there", Command($"uninstall --plugin-dir {Directory} --name plugboard/local --name plugboard/tmpfs"));
        Assert.Equal("k8s~nfs", node.Shell($"ls -A {Directory}"));
    }

    [KernelFact]
    public void A_driver_in_use_is_not_uninstalled()
    {
        Command($"install --plugin-dir {Directory} --name plugboard/tmpfs");
        var target = node.Mount("plugboard~tmpfs", "\"size\":\"1Mi\"");
        var refused = node.Run([executable, "uninstall", "--plugin-dir", Directory, "--name", "plugboard/tmpfs"]);
        Assert.Equal((1, $"flexvolume: plugboard/tmpfs is in use by {target}; kubelet could not unmount it any more (--force takes it away all the same)\n"), (refused.ExitCode, refused.Output));
        Assert.Equal("tmpfs", node.Shell($"ls {Directory}/plugboard~tmpfs"));
    }

    [KernelFact]
    public void A_prober_never_sees_a_driver_that_is_not_whole()
    {
        // A prober that looks as fast as it can: each directory without a dot must answer init at any time.
        var script =
            $"""
            mkdir -p {Directory}
            (while [ ! -e /run/stop ]; do for d in {Directory}/*~*; do [ -d "$d" ] || continue; n=$(basename $d); $d/$(echo $n | cut -d~ -f2) init >> /run/answers 2>&1 || echo "bad $n $?" >> /run/answers; done; done) &
            for i in $(seq 25); do
                {executable} install --plugin-dir {Directory} --name plugboard/local --name plugboard/nfs > /run/log
                {executable} install --plugin-dir {Directory} --name plugboard/local --name plugboard/nfs > /run/log
                rm -rf {Directory}/.gone; for d in plugboard~local plugboard~nfs; do mkdir -p {Directory}/.gone; mv -T {Directory}/$d {Directory}/.gone/$d; done
            done
            touch /run/stop; wait; sort /run/answers | uniq -c
            """;
        var lines = node.Shell(script).Split('\n').Select(static line => line.Trim()).ToList();
        Assert.Contains(lines, static line => line.Contains("Success", StringComparison.Ordinal));
        // The test's own removal is what a prober may see; it is told apart by the shell's "not found".
        Assert.DoesNotContain(lines, static line => !line.Contains("Success", StringComparison.Ordinal) && !line.Contains("not found", StringComparison.Ordinal) && !line.Contains("bad", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, static line => line.Contains("Permission denied", StringComparison.Ordinal) || line.Contains("busy", StringComparison.Ordinal));
    }

    [KernelFact]
    public void A_killed_install_is_ended_by_the_next()
    {
        for (var i = 1; i < 12; i++)
        {
            foreach (var call in (string[])["write", "openat", "renameat2", "renameat", "mkdirat", "fsync", "fchmod"])
                node.Run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", $"trace={call}", "-e", $"inject={call}:signal=KILL:when={i}", executable, "install", "--plugin-dir", Directory, "--name", "plugboard/local"]);
        }

        Command($"install --plugin-dir {Directory} --name plugboard/local");
        Assert.Equal($"{Directory}\n{Directory}/plugboard~local\n{Directory}/plugboard~local/local", node.Shell($"find {Directory} | sort"));
        Assert.Contains("ok", Command($"verify --plugin-dir {Directory} --name plugboard/local"), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("echo '{\"status\":\"Failed\"}'", "init says \"Failed\" instead of \"Success\"")]
    [InlineData("echo oops >&2; echo '{\"status\":\"Success\"}'", "wrote to standard error")]
    [InlineData("exit 3", "exit code 3")]
    public void Verify_finds_what_kubelet_would_not_like(string script, string problem)
    {
        node.Shell($"mkdir -p {Directory}/plugboard~local; printf '%s\\n' '#!/bin/sh' \"{script.Replace("\"", "\\\"", StringComparison.Ordinal)}\" > {Directory}/plugboard~local/local; chmod +x {Directory}/plugboard~local/local");
        var output = node.Run([executable, "verify", "--plugin-dir", Directory, "--name", "plugboard/local"]);
        Assert.Equal(1, output.ExitCode);
        Assert.Contains(problem, output.Output, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_read_only_directory_is_told_loudly()
    {
        node.Shell($"mkdir -p {Directory}; mount -t tmpfs -o ro none {Directory}");
        var output = node.Run([executable, "install", "--plugin-dir", Directory, "--name", "plugboard/local"]);
        Assert.Equal(1, output.ExitCode);
        Assert.Contains("EROFS", output.Output, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Check_tells_what_would_be_done_and_does_nothing()
    {
        var before = node.State();
        Assert.Equal(
            "bind /var/lib/flexvolume/local/a on /var/lib/kubelet/pods/00000000-0000-4000-8000-000000000000/volumes/plugboard~local/volume (NoSuid, NoDev)",
            Command("check --driver plugboard/local '{\"path\":\"a\"}'"));
        var nfs = node.Run([executable, "check", "--driver", "plugboard/nfs", "{\"server\":\"127.0.0.1\",\"share\":\"/x\"}"]);
        Assert.Equal(1, nfs.ExitCode);
        Assert.EndsWith("server 127.0.0.1 is 127.0.0.1: TCP 2049 connect: refused\n", nfs.Output, StringComparison.Ordinal);
        Assert.Equal("it would fail: local: unknown option \"pat\" (did you mean \"path\"?)\n", node.Run([executable, "check", "--driver", "plugboard/local", "{\"pat\":\"a\"}"]).Output);
        Assert.Equal(before, node.State());
    }

    [KernelFact]
    public void List_tells_of_what_was_removed()
    {
        node.Mount("plugboard~local", "", "a");
        node.Mount("plugboard~local", "", "b");
        node.Mount("plugboard~loop", "\"file\":\"a.img\",\"size\":\"16Mi\"");
        Assert.Equal(3, Command("list").Split('\n').Count(static line => line.StartsWith("ok\t", StringComparison.Ordinal)));
        node.Shell("rmdir /var/lib/flexvolume/local/ns/b; rm /var/lib/flexvolume/loop/a.img");
        var list = node.Run([executable, "list"]);
        Assert.Equal(1, list.ExitCode);
        Assert.Equal(["directory removed", "image removed", "ok"], list.Output.TrimEnd().Split('\n').Select(static line => line.Split('\t')[0]).Order(StringComparer.Ordinal));
        node.Unmount("plugboard~loop").Succeeded();
    }

    [KernelFact]
    public void List_of_a_thousand_mounts_takes_less_than_a_tenth_of_a_second()
    {
        var parent = $"{FlexNode.Kubelet}/pods/{FlexNode.Uid}/volumes/plugboard~tmpfs";
        node.Shell($"mkdir -p {parent}; cd {parent}; seq 1000 | xargs mkdir; seq 1000 | xargs -I% mount -t tmpfs flexvolume {parent}/%");
        Command("list");
        var best = Enumerable.Range(0, 5).Min(_ =>
        {
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            Assert.Equal(1000, Command("list").Split('\n').Length);
            return System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        });
        Assert.InRange(best, 0, 100);
    }

    [KernelFact]
    public void Gc_frees_loop_devices_and_the_files_of_pods_that_are_gone()
    {
        node.Shell(
            $"""
            mkdir -p /var/lib/flexvolume/loop /var/run/nodeagent/mount/{FlexNode.Uid} /var/run/nodeagent/mount/gone /var/run/nodeagent/creds {FlexNode.Kubelet}/pods/{FlexNode.Uid}
            touch /var/run/nodeagent/creds/{FlexNode.Uid}.json /var/run/nodeagent/creds/gone.json
            truncate -s 16M /var/lib/flexvolume/loop/left.img
            """);
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
    public void Unknown_arguments_are_told_with_the_help()
    {
        var output = node.Run([executable, "frobnicate"]);
        Assert.Equal(2, output.ExitCode);
        Assert.Contains("flexvolume convert pv.yaml", output.Output, StringComparison.Ordinal);
        Assert.Contains("--name vendor/driver is missing", node.Run([executable, "install", "--plugin-dir", Directory]).Output, StringComparison.Ordinal);
        Assert.Contains("no driver of ours", node.Run([executable, "install", "--plugin-dir", Directory, "--name", "a/b"]).Output, StringComparison.Ordinal);
    }

    /// <summary>The example PersistentVolumes that this kernel can mount.</summary>
    public static TheoryData<string, string> Examples => new() { { "local", "plugboard~local" }, { "loop", "plugboard~loop" }, { "tmpfs", "plugboard~tmpfs" }, { "uds", "nodeagent~uds" } };

    [KernelTheory]
    [MemberData(nameof(Examples))]
    public void The_examples_are_mounted(string name, string driver)
    {
        var (found, members) = ExampleVolume.Read(name);
        Assert.Equal(driver, found.Replace('/', '~'));
        var target = node.Mount(driver, members);
        Assert.NotNull(node.Top(target));
        node.Unmount(driver).Succeeded();
    }

    [KernelFact]
    public void The_example_of_a_node_config_is_read()
    {
        node.Shell($"cp {PluginDirectory.Root}/examples/flexvolume/plugboard~local.json /etc/flexvolume/; mkdir -p /run/volumes");
        node.TryMount("plugboard~local", "\"path\":\"/etc\"").Failed("local: path \"/etc\" leaves the allowed root /srv/volumes (node config)");
    }

    [KernelTheory]
    [InlineData("nfs", "driver: nfs.csi.k8s.io", "subDir: \"sub\"")]
    [InlineData("cifs", "driver: smb.csi.k8s.io", "- \"noperm\"")]
    public void The_examples_are_converted(string name, params string[] lines)
    {
        var converted = Command($"convert {PluginDirectory.Root}/examples/flexvolume/{name}.yaml");
        Assert.All(lines, line => Assert.Contains(line, converted, StringComparison.Ordinal));
    }

    public void Dispose() => node.Dispose();
}
