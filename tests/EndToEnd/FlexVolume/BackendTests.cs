using System.Text.Json;
using Plugboard.Linux.Mounts;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>What each backend does with its options.</summary>
[Collection("loop devices")]
public sealed class BackendTests : IDisposable
{
    private const string Root = "/var/lib/flexvolume";
    private readonly FlexNode node = new();

    [KernelFact]
    public void Local_shows_a_directory_of_the_node_and_keeps_it()
    {
        var target = node.Mount("plugboard~local", "");
        node.Shell($"echo kept > {target}/file");
        node.Unmount("plugboard~local").Succeeded();
        Assert.Equal("kept", node.Shell($"cat {Root}/local/ns/v/file"));
        node.Mount("plugboard~local", "");
        Assert.Equal("kept", node.Shell($"cat {target}/file"));
    }

    [KernelFact]
    public void Local_gives_mode_and_owner_to_what_it_makes_and_to_nothing_else()
    {
        const string Members = "\"path\":\"ns/a/b\",\"create\":\"true\",\"mode\":\"2750\",\"uid\":\"1000\",\"gid\":\"2000\"";
        var target = node.Mount("plugboard~local", Members);
        Assert.Equal("2750 1000 2000", node.Shell($"stat -c '%a %u %g' {target}"));
        node.Shell($"chmod 700 {target}");
        node.Unmount("plugboard~local").Succeeded();
        node.Mount("plugboard~local", Members);
        Assert.Equal("2700 1000 2000", node.Shell($"stat -c '%a %u %g' {target}"));
    }

    [KernelFact]
    public void Local_is_read_only_without_set_user_id_and_devices()
    {
        node.Shell(
            $"mkdir -p {Root}/local/ns/a; cp /usr/bin/id {Root}/local/ns/a/id; chmod 4755 {Root}/local/ns/a/id; "
                + $"mknod {Root}/local/ns/a/null c 1 3"
        );
        var target = node.Mount("plugboard~local", "\"path\":\"ns/a\"", more: "\"kubernetes.io/readwrite\":\"ro\"");
        Assert.NotEqual(0, node.Machine.TryTool(["touch", $"{target}/x"]).ExitCode);
        Assert.NotEqual(0, node.Machine.TryTool(["sh", "-c", $"echo x > {target}/null"]).ExitCode);
        Assert.DoesNotContain("euid", node.Shell($"setpriv --reuid 1000 --clear-groups {target}/id"), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("../../../etc", "local: path \"../../../etc\" leaves the allowed root /var/lib/flexvolume/local (node config)")]
    [InlineData("/etc", "local: path \"/etc\" leaves the allowed root /var/lib/flexvolume/local (node config)")]
    [InlineData("ns/link", null)]
    [InlineData("ns/link/passwd", null)]
    [InlineData("ns/inner/dir", null)]
    public void Local_does_not_leave_its_root(string path, string? message)
    {
        node.Shell($"mkdir -p {Root}/local/ns/real/dir; ln -s /etc {Root}/local/ns/link; ln -s real {Root}/local/ns/inner");
        foreach (var create in (string[])["true", "false"])
        {
            var output = node.TryMount("plugboard~local", $"\"path\":\"{path}\",\"create\":\"{create}\"");
            if (message is not null)
                output.Failed(message);
            Assert.Equal("Failure", output.Status);
            Assert.Null(node.Top(FlexNode.PodDirectory("plugboard~local", "v")));
        }
    }

    [KernelFact]
    public void Local_is_not_led_out_by_a_thread_that_swaps_links()
    {
        node.Shell($"mkdir -p {Root}/local/ns/a/b /run/outside/b; touch /run/outside/b/secret; ln -s /run/outside {Root}/local/ns/link");
        // A process of its own: it must run beside the calls.
        var script =
            $"exec > /dev/null 2>&1; cd {Root}/local/ns; while [ ! -e /run/stop ]; do mv -T a c; mv -T link a; mv -T a link; "
            + "mv -T c a; done";
        node.Shell($"({script}) & ");
        var (mounted, refused) = (0, 0);
        for (var i = 0; i < 150; i++)
        {
            var output = node.TryMount("plugboard~local", $"\"path\":\"ns/a/b\",\"create\":\"{(i % 2 == 0 ? "true" : "false")}\"");
            var target = FlexNode.PodDirectory("plugboard~local", "v");
            if (output.Status == "Success")
                mounted++;
            else
                refused++;
            Assert.Equal("", node.Shell($"ls -A {target} 2> /dev/null || true"));
            node.Unmount("plugboard~local").Succeeded();
        }

        node.Shell("touch /run/stop");
        Assert.True(mounted > 10, $"{mounted} mounted, {refused} refused");
        Assert.Equal("b\nb/secret", node.Shell("cd /run/outside; find . -mindepth 1 | sort | sed 's|^./||'"));
    }

    [KernelFact]
    public void Tmpfs_has_size_mode_and_group_and_grows()
    {
        var target = node.Mount(
            "plugboard~tmpfs",
            "\"size\":\"4Mi\",\"uid\":\"5\"",
            more: "\"kubernetes.io/mounterArgs.FsGroup\":\"2000\""
        );
        Assert.Equal("2770 5 2000", node.Shell($"stat -c '%a %u %g' {target}"));
        Assert.Equal("4194304", node.Shell($"df --output=size -B1 {target} | tail -1").Trim());
        Assert.Equal(
            8388608,
            node.Call("plugboard~tmpfs", "expandfs", FlexNode.Options(), "", target, "8388608", "4194304")
                .Succeeded()
                .Json.GetProperty("volumeNewSize")
                .GetInt64()
        );
        Assert.Equal("8388608", node.Shell($"df --output=size -B1 {target} | tail -1").Trim());
        Assert.Equal("2770 5 2000", node.Shell($"stat -c '%a %u %g' {target}"));
        // Never smaller.
        node.Call("plugboard~tmpfs", "expandfs", FlexNode.Options(), "", target, "1048576", "8388608").Succeeded();
        Assert.Equal("8388608", node.Shell($"df --output=size -B1 {target} | tail -1").Trim());
    }

    private int Devices() => node.State().Count(static fact => fact.StartsWith("loop ", StringComparison.Ordinal));

    [KernelTheory]
    [InlineData("ext4", "16Mi")]
    [InlineData("xfs", "320Mi")]
    [InlineData("btrfs", "128Mi")]
    public void Loop_makes_a_filesystem_shares_its_device_and_frees_it(string fsType, string size)
    {
        var members = $"\"file\":\"ns/disks/{fsType}.img\",\"size\":\"{size}\"";
        var more = $"\"kubernetes.io/fsType\":\"{fsType}\"";
        var first = node.Mount("plugboard~loop", members, "a", more);
        var second = node.Mount("plugboard~loop", members, "b", more);
        Assert.Equal((fsType, node.Top(first)!.Source), (node.Top(first)!.Type, node.Top(second)!.Source));
        Assert.Equal(1, Devices());
        node.Shell($"echo shared > {first}/file");
        Assert.Equal("shared", node.Shell($"cat {second}/file"));
        node.Unmount("plugboard~loop", "a").Succeeded();
        Assert.Equal(1, Devices());
        node.Unmount("plugboard~loop", "b").Succeeded();
        Assert.Equal(0, Devices());
        node.Mount("plugboard~loop", members, "a", more);
        Assert.Equal("shared", node.Shell($"cat {first}/file"));
        node.Unmount("plugboard~loop", "a").Succeeded();
    }

    [KernelFact]
    public void Loop_goes_past_the_page_cache_where_it_is_asked_to()
    {
        // The image must be where direct I/O is possible: on a filesystem with blocks.
        node.Shell(
            $"truncate -s 64M {node.Directory}/disk; mkfs.ext4 -q {node.Directory}/disk; mkdir -p {Root}/loop; mount -o loop "
                + $"{node.Directory}/disk {Root}/loop"
        );
        foreach (var direct in (string[])["true", "false"])
        {
            var target = node.Mount("plugboard~loop", $"\"file\":\"ns/{direct}.img\",\"size\":\"16Mi\",\"directIO\":\"{direct}\"");
            Assert.Equal(direct == "true" ? "1" : "0", node.Shell($"losetup --noheadings -O DIO {node.Top(target)!.Source}").Trim());
            node.Unmount("plugboard~loop").Succeeded();
        }

        node.Shell($"umount {Root}/loop");
    }

    [KernelFact]
    public void Tmpfs_is_never_swapped_where_it_is_asked_to()
    {
        var mounted = node.TryMount("plugboard~tmpfs", "\"size\":\"1Mi\",\"noswap\":\"true\"");
        // Linux 6.4. Before, the kernel says so, as the guest's does (volumes-smb.sh).
        if (mounted.Status == "Failure")
            mounted.Failed("tmpfs: cannot mount: EINVAL: tmpfs: Unknown parameter 'noswap'");
        else
            Assert.Contains(",noswap", node.Top(FlexNode.PodDirectory("plugboard~tmpfs", "v"))!.SuperOptions, StringComparison.Ordinal);
    }

    [KernelFact]
    public void The_options_of_ramax_and_kvaps_have_their_effect()
    {
        node.Shell("mount -t tmpfs srv /srv");
        // What was made otherwise gets the given mode and owner, at each mount.
        node.Shell("mkdir -p /srv/local/ns/claim");
        var target = node.Mount("ramax.com~local-storage", "\"pvc-name\":\"claim\",\"volume-mode\":\"0750\",\"volume-uid\":\"1000\"");
        Assert.Equal("750 1000 0", node.Shell($"stat -c '%a %u %g' /srv/local/ns/claim"));
        node.Shell($"touch {target}/file; test -e /srv/local/ns/claim/file");
        node.Unmount("ramax.com~local-storage").Succeeded();
        node.Mount("ramax.com~local-storage", "\"pvc-name\":\"claim\",\"file-sync\":\"1\",\"pod-local\":\"true\"");
        Assert.Equal("755 0", node.Shell("stat -c '%a %u' /srv/file-sync/ns/claim/pod"));
        node.Unmount("ramax.com~local-storage").Succeeded();
        node.TryMount("ramax.com~local-storage", "\"pvc-name\":\"../../etc\"")
            .Failed("local: the volume's name is \"../../etc\", " + "but is a part of the path; it must be one name");
        var image = node.Mount("kvaps~loop", "\"share\":\"/var/lib/flexvolume/loop/ns\",\"file\":\"/images/a.img\",\"size\":\"16m\"");
        Assert.Equal("16777216", node.Shell($"stat -c %s {Root}/loop/ns/images/a.img"));
        Assert.NotNull(node.Top(image));
        node.Unmount("kvaps~loop").Succeeded();
        node.Shell("umount /srv");
    }

    [KernelFact]
    public void A_quota_is_refused_where_the_filesystem_has_none() =>
        node.TryMount("plugboard~local", "\"quota\":\"1Mi\"")
            .Failed(
                "local: option \"quota\" is set, but tmpfs at /var/lib is not mounted with prjquota (ext4 or xfs, Linux 5.14); mount "
                    + "it with prjquota on the node, or remove the option"
            );

    [KernelFact]
    public void Loop_grows_now_or_at_the_next_mount()
    {
        const string Members = "\"file\":\"ns/a.img\",\"size\":\"32Mi\"";
        var target = node.Mount("plugboard~loop", Members);
        var grown = node.Call("plugboard~loop", "expandfs", FlexNode.Options(), "", target, "134217728", "33554432");
        // Growing a mounted ext4 wants CAP_SYS_RESOURCE, which a test machine may lack; a guest kernel has it (volumes.sh).
        if (grown.Status == "Failure")
        {
            Assert.StartsWith(
                $"loop: cannot grow the ext4 filesystem on {target} while it is mounted: EPERM: ",
                grown.Message,
                StringComparison.Ordinal
            );
            node.Unmount("plugboard~loop").Succeeded();
            node.Mount("plugboard~loop", Members);
        }

        Assert.InRange(long.Parse(node.Shell($"df --output=size -B1 {target} | tail -1"), null), 110_000_000, 134_217_728);
        node.Unmount("plugboard~loop").Succeeded();
    }

    [KernelFact]
    public void Loop_refuses_what_would_destroy_or_leave()
    {
        node.Shell($"mkdir -p {Root}/loop/ns; cd {Root}/loop/ns; mkfifo fifo; ln -s /etc/passwd link; echo nothing > text; mkdir dir");
        node.TryMount("plugboard~loop", "\"file\":\"ns/nothing\"")
            .Failed($"loop: {Root}/loop/ns/nothing does not exist; " + "create it on the node, or set options \"create\" and \"size\"");
        node.TryMount("plugboard~loop", "\"file\":\"ns/fifo\"").Failed($"loop: {Root}/loop/ns/fifo is not a regular file");
        Assert.Contains("symbolic link", node.TryMount("plugboard~loop", "\"file\":\"ns/link\"").Message, StringComparison.Ordinal);
        Assert.Equal("Failure", node.TryMount("plugboard~loop", "\"file\":\"ns/dir\"").Status);
        Assert.Equal("Failure", node.TryMount("plugboard~loop", "\"file\":\"ns/text\"").Status);
        node.TryMount("plugboard~loop", "\"file\":\"ns/big\",\"size\":\"1Mi\",\"preallocate\":\"maybe\"")
            .Failed("loop: option \"preallocate\" is \"maybe\"; " + "\"true\" or \"false\" is wanted");
        Assert.Equal(0, Devices());
    }

    [KernelFact]
    public void Loop_says_which_tool_is_missing()
    {
        // A device is not a regular file, so the tool is not there.
        node.Shell("mount --bind /dev/null /usr/sbin/mkfs.xfs");
        node.TryMount("plugboard~loop", "\"file\":\"ns/a.img\",\"size\":\"320Mi\"", more: "\"kubernetes.io/fsType\":\"xfs\"")
            .Failed("loop: mkfs.xfs not found in the kubelet's root filesystem; install xfsprogs on the node or set fsType: ext4");
    }

    [KernelFact]
    public void Uds_has_the_layout_of_pod2daemon()
    {
        var target = node.Mount("nodeagent~uds", "");
        Assert.Equal("777", node.Shell($"stat -c %a /var/run/nodeagent/mount/{FlexNode.Uid}"));
        Assert.Equal("600", node.Shell($"stat -c %a /var/run/nodeagent/creds/{FlexNode.Uid}.json"));
        var credentials = JsonSerializer.Deserialize<Dictionary<string, string>>(
            node.Shell($"cat /var/run/nodeagent/creds/{FlexNode.Uid}.json")
        )!;
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["UID"] = FlexNode.Uid,
                ["Workload"] = "pod",
                ["Namespace"] = "ns",
                ["ServiceAccount"] = "default",
            },
            credentials
        );
        node.Shell($"touch /var/run/nodeagent/mount/{FlexNode.Uid}/socket");
        Assert.Equal("socket", node.Shell($"ls {target}/nodeagent"));
        // The agent's files are the agent's: its directory stays, which is no failure.
        node.Unmount("nodeagent~uds").Succeeded();
        Assert.Equal("socket", node.Shell($"ls /var/run/nodeagent/mount/{FlexNode.Uid}"));
        Assert.Equal("", node.Shell("ls /var/run/nodeagent/creds"));
    }

    [KernelFact]
    public void Uds_reads_the_config_of_the_driver_it_replaces()
    {
        node.Shell(
            "echo "
                + "'{\"nodeagent_management_home\":\"/run/agent\",\"nodeagent_workload_home\":\"/w\","
                + "\"nodeagent_credentials_home\":\"/c\",\"log_level\":\"INFO\"}' > /etc/flexvolume/nodeagent.json"
        );
        node.Mount("nodeagent~uds", "");
        Assert.Equal($"{FlexNode.Uid}", node.Shell("ls /run/agent/w"));
        Assert.Equal($"{FlexNode.Uid}.json", node.Shell("ls /run/agent/c"));
    }

    [KernelFact]
    public void A_server_that_is_not_there_is_reported_at_once()
    {
        node.TryMount("plugboard~nfs", "\"server\":\"127.0.0.1\",\"share\":\"/x\"")
            .Failed("nfs: connection refused by 127.0.0.1:2049 (TCP 2049 connect: refused); is the server's service running?");
        node.TryMount("fstab~cifs", "\"networkPath\":\"//127.0.0.1/x\"")
            .Failed("cifs: no username in the Secret; secretRef must name a Secret of type \"fstab/cifs\" with keys username, password");
        Assert.Contains(
            "cannot be resolved on the node",
            node.TryMount("plugboard~nfs", "\"server\":\"nowhere.invalid\",\"share\":\"/x\"").Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(node.State(), static fact => fact.StartsWith("file", StringComparison.Ordinal));
    }

    [KernelTheory]
    [InlineData("plugboard~nfs", "\"share\":\"/x\"", "nfs: option \"server\" is missing; set flexVolume.options.server")]
    [InlineData("plugboard~nfs", "\"server\":\"s\"", "nfs: option \"share\" is missing; set flexVolume.options.share")]
    [InlineData("plugboard~nfs", "\"sevrer\":\"s\",\"share\":\"/x\"", "nfs: unknown option \"sevrer\" (did you mean \"server\"?)")]
    [InlineData(
        "fstab~cifs",
        "\"mountOptions\":\"vers=3.0\"",
        "cifs: option \"networkPath\" is missing; set flexVolume.options.networkPath"
    )]
    [InlineData(
        "plugboard~local",
        "\"path\":\"a/../../etc\"",
        "local: path \"a/../../etc\" leaves the allowed root /var/lib/flexvolume/local (node config)"
    )]
    [InlineData(
        "plugboard~tmpfs",
        "\"size\":\"lots\"",
        "tmpfs: option \"size\" is \"lots\"; a size such as \"512Mi\" or \"10G\" is wanted"
    )]
    public void Messages_are_to_the_letter(string driver, string members, string message) => node.TryMount(driver, members).Failed(message);

    [KernelFact]
    public void The_node_config_lifts_and_forbids()
    {
        node.Shell(
            "mkdir /run/a /run/b; echo '{\"roots\":[\"/run/a\",\"/run/b\"],\"shared\":true,\"allowSuid\":true}' > "
                + "/etc/flexvolume/plugboard~local.json"
        );
        var target = node.Mount("plugboard~local", "\"path\":\"/run/b\"");
        Assert.Equal(MountAttributes.NoDev, node.Top(target)!.Attributes);
        node.Shell("echo '{\"servers\":[\"10.*\"]}' > /etc/flexvolume/plugboard~nfs.json");
        node.TryMount("plugboard~nfs", "\"server\":\"127.0.0.1\",\"share\":\"/x\"")
            .Failed("nfs: server \"127.0.0.1\" is not among the allowed servers (node config)");
    }

    public void Dispose() => node.Dispose();
}
