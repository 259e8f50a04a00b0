using System.Runtime.Versioning;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Flannel;

/// <summary>The daemon's file, the delegate, or what was kept is missing or wrong.</summary>
[SupportedOSPlatform("linux")]
public sealed class FaultTests
{
    [KernelFact]
    public void Without_the_daemon_s_file_nothing_is_done_and_STATUS_says_50()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        File.Delete(flannel.SubnetFile);
        var text =
            $"failed to load flannel 'subnet.env' file: open {flannel.SubnetFile}: no such file or directory. Check the flannel pod "
            + "log for this node.";
        var refused = flannel.Node.Call("ADD", pod, flannel.Config());
        Assert.Equal((11, text), (refused.Code, refused.Message));
        Assert.Empty(flannel.States);
        var status = flannel.Node.Call("STATUS", null, flannel.Config("""{"cniVersion":"1.1.0"}"""));
        Assert.Equal((50, text), (status.Code, status.Message));
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
    }

    [KernelFact]
    public void A_key_without_a_value_is_said_with_file_and_line()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        File.WriteAllText(flannel.SubnetFile, "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET\n");
        var refused = flannel.Node.Call("ADD", pod, flannel.Config());
        Assert.Equal(6, refused.Code);
        Assert.Contains($"{flannel.SubnetFile} line 2: FLANNEL_SUBNET has no value", refused.Message, StringComparison.Ordinal);
        Assert.Equal(50, flannel.Node.Call("STATUS", null, flannel.Config("""{"cniVersion":"1.1.0"}""")).Code);
    }

    [KernelFact]
    public void STATUS_asks_the_delegate_and_its_own_directory()
    {
        using var flannel = new FlannelNode();
        var config = flannel.Config("""{"cniVersion":"1.1.0"}""");
        flannel.Node.Call("STATUS", null, config).Succeeded();
        Directory.CreateDirectory(flannel.StateDirectory);
        flannel.Node.Tool($"mount -t tmpfs -o ro state {flannel.StateDirectory}");
        var status = flannel.Node.Call("STATUS", null, config);
        Assert.Equal(50, status.Code);
        Assert.Contains(flannel.StateDirectory, status.Message, StringComparison.Ordinal);
        flannel.Node.Tool($"umount {flannel.StateDirectory}");
        flannel.ReplaceDelegate("""echo '{"code":51,"msg":"the bridge is tired"}'; exit 1""");
        Assert.Equal(
            (51, "the bridge is tired"),
            (flannel.Node.Call("STATUS", null, config).Code, flannel.Node.Call("STATUS", null, config).Message)
        );
    }

    [KernelTheory]
    [InlineData("FLANNEL_MTU=1450", "FLANNEL_MTU=1200", "mtu is FLANNEL_MTU=1200 of ")]
    [InlineData("FLANNEL_SUBNET=10.244.1.1/24", "FLANNEL_SUBNET=10.244.1.1/32", "10.244.1.1/32 is FLANNEL_SUBNET of ")]
    public void What_the_delegate_refuses_of_the_daemon_s_file_is_said_with_the_file(string old, string other, string source)
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        File.WriteAllText(flannel.SubnetFile, FlannelNode.DualStack.Replace(old, other, StringComparison.Ordinal));
        var refused = flannel.Node.Call("ADD", pod, flannel.Config());
        Assert.StartsWith($"{source}{flannel.SubnetFile}, which flannel's daemon writes: ", refused.Details, StringComparison.Ordinal);
        var status = flannel.Node.Call("STATUS", null, flannel.Config("""{"cniVersion":"1.1.0"}"""));
        Assert.StartsWith(source, status.Details, StringComparison.Ordinal);
    }

    // By a person, with a recipe against leaked addresses, or by another dataDir in the config.
    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_DEL_releases_a_pod_whose_state_is_gone(bool isWhole)
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        if (isWhole)
            Directory.Delete(flannel.StateDirectory, recursive: true);
        else
            File.Delete(Path.Combine(flannel.StateDirectory, pod.ContainerId));
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        Assert.Equal((0, 0), (Addresses(flannel), Pairs(flannel)));
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
    }

    private static int Addresses(FlannelNode flannel) =>
        Directory
            .GetFiles(Path.Combine(flannel.Node.DataDirectory, "cbr0"))
            .Count(static file => Path.GetFileName(file) is [>= '0' and <= '9', ..]);

    private static int Pairs(FlannelNode flannel) =>
        flannel.Node.Tool("ip -o link show type veth").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    [KernelFact]
    public void A_DEL_of_an_unknown_pod_succeeds_though_its_delegate_cannot_be_called()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        flannel.ReplaceDelegate("""echo '{"code":11,"msg":"not now"}'; exit 1""");
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        File.Delete(Path.Combine(flannel.Node.Plugins, "bridge"));
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
    }

    [KernelFact]
    public void A_DEL_whose_delegate_fails_keeps_the_state_and_the_next_one_releases_all()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        flannel.ReplaceDelegate("""echo '{"code":11,"msg":"not now"}'; exit 1""");
        var refused = flannel.Node.Call("DEL", pod, flannel.Config());
        Assert.Equal((11, "not now"), (refused.Code, refused.Message));
        Assert.Equal([pod.ContainerId], flannel.States);
        File.Delete(Path.Combine(flannel.Node.Plugins, "bridge"));
        Assert.Contains(
            "failed to find plugin \"bridge\" in path",
            flannel.Node.Call("DEL", pod, flannel.Config()).Message,
            StringComparison.Ordinal
        );
        flannel.RestoreDelegate();
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        flannel.AssertClean();
    }

    [KernelFact]
    public void A_failed_ADD_has_the_delegate_undo_it_and_forgets_it()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        var calls = Path.Combine(flannel.Node.Directory, "calls");
        flannel.ReplaceDelegate(
            $$"""echo $CNI_COMMAND >>{{calls}}; [ $CNI_COMMAND = DEL ] && exit 0; echo '{"code":5,"msg":"no"}'; exit 1"""
        );
        var failed = flannel.Node.Call("ADD", pod, flannel.Config());
        Assert.Equal((5, "no"), (failed.Code, failed.Message));
        Assert.Equal(["ADD", "DEL"], File.ReadAllLines(calls));
        Assert.Empty(flannel.States);

        // One that is refused has made nothing that a DEL could undo.
        File.Delete(calls);
        flannel.ReplaceDelegate($$"""echo $CNI_COMMAND >>{{calls}}; echo '{"code":7,"msg":"no"}'; exit 1""");
        Assert.Equal(7, flannel.Node.Call("ADD", pod, flannel.Config()).Code);
        Assert.Equal(["ADD"], File.ReadAllLines(calls));
        Assert.Empty(flannel.States);

        flannel.ReplaceDelegate("""echo '{"code":5,"msg":"no"}'; exit 1""");
        Assert.Equal(5, flannel.Node.Call("ADD", pod, flannel.Config()).Code);
        Assert.Equal([pod.ContainerId], flannel.States);
        flannel.RestoreDelegate();
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        flannel.AssertClean();
    }

    [KernelTheory]
    [InlineData("{}")]
    [InlineData("""{"delegate":{"bridge":"other"}}""")]
    [InlineData("""{"delegate":{"vlan":5000}}""")]
    [InlineData("""{"ipam":{"type":"nobody"}}""")]
    [InlineData("""{"ipam":{"routes":[{"dst":"10.1.0.1/16"}]}}""")]
    public void A_living_pod_of_which_no_state_is_known_stays_when_another_ADD_for_it_is_refused(string patch)
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        // As after a change of dataDir, or where the network was a bridge's before.
        flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        File.Move(Path.Combine(flannel.StateDirectory, pod.ContainerId), Path.Combine(flannel.Node.Directory, "moved"));
        var before = flannel.Node.Leases("cbr0").Keys.Order(StringComparer.Ordinal).ToList();
        foreach (var second in new[] { pod, flannel.Node.AddPod(pod.ContainerId) })
        {
            Assert.True(flannel.Node.CallRaw("ADD", second, "flannel", flannel.Config(patch).ToJsonString(), []).Code > 0);
            Assert.Equal(before, flannel.Node.Leases("cbr0").Keys.Order(StringComparer.Ordinal));
            Assert.Empty(flannel.States);
        }

        pod.Tool("ping -c 1 -W 2 10.244.1.1");
        File.Move(Path.Combine(flannel.Node.Directory, "moved"), Path.Combine(flannel.StateDirectory, pod.ContainerId));
        flannel.Node.Call("CHECK", pod, flannel.Config()).Succeeded();
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        flannel.AssertClean();
    }

    [KernelTheory]
    [InlineData("""{"ipam":{"type":"nope"}}""", 4)]
    [InlineData("""{"ipam":{"type":"bridge"}}""", 7)]
    [InlineData("""{"delegate":{"type":"flannel"}}""", 7)]
    [InlineData("""{"delegate":{"type":"bridge","mtu":"large"}}""", 6)]
    [InlineData("""{"delegate":{"type":"bridge","vlan":-3}}""", 7)]
    [InlineData("""{"subnetFile":"/proc/self/mem"}""", 5)]
    public void An_ADD_that_a_wrong_config_lets_fail_leaves_nothing_and_its_DEL_succeeds(string patch, int code)
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        Assert.Equal(code, flannel.Node.Call("ADD", pod, flannel.Config(patch)).Code);
        flannel.Node.Call("DEL", pod, flannel.Config(patch)).Succeeded();
        flannel.AssertClean();
    }

    [KernelFact]
    public void A_failed_ADD_that_cannot_be_undone_is_tried_once_more_by_DEL_and_forgotten()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        flannel.ReplaceDelegate("echo no >&2; exit 3");
        Assert.Equal(999, flannel.Node.Call("ADD", pod, flannel.Config()).Code);
        Assert.Equal([pod.ContainerId], flannel.States);
        Assert.Equal(100, flannel.Node.Call("CHECK", pod, flannel.Config()).Code);
        // What may pass is waited for.
        flannel.ReplaceDelegate("""echo '{"code":11,"msg":"not now"}'; exit 1""");
        Assert.Equal(11, flannel.Node.Call("DEL", pod, flannel.Config()).Code);
        Assert.Equal([pod.ContainerId], flannel.States);
        flannel.ReplaceDelegate("echo no >&2; exit 3");
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        Assert.Empty(flannel.States);
    }

    [KernelFact]
    public void A_failed_ADD_is_repeated_as_if_it_had_not_been()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        flannel.ReplaceDelegate("exit 3");
        Assert.Equal(999, flannel.Node.Call("ADD", pod, flannel.Config()).Code);
        flannel.RestoreDelegate();
        flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        Assert.Equal([pod.ContainerId], flannel.States);
        flannel.Node.Call("CHECK", pod, flannel.Config()).Succeeded();
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        flannel.AssertClean();
    }

    [KernelTheory]
    [InlineData("""{"cniVersion":"1.0.0","name":"cbr0","type":"bridge","ipam":{"type":"nope"}}""")]
    [InlineData("""{"cniVersion":"9.9.9","name":"cbr0","type":"bridge","ipam":{"type":"host-local"}}""")]
    [InlineData("""{"cniVersion":"1.0.0","name":"cbr0","type":"nobody"}""")]
    [InlineData("""{"cniVersion":"1.0.0","name":"cbr0","type":"../bridge"}""")]
    [InlineData("""{"cniVersion":"1.0.0","name":"cbr0","type":"flannel"}""")]
    public void State_that_the_delegate_refuses_is_released_with_what_the_config_says_now(string state)
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        File.WriteAllText(Path.Combine(flannel.StateDirectory, pod.ContainerId), state);
        // While that is wrong too, nothing is forgotten and the file is named.
        var refused = flannel.Node.Call("DEL", pod, flannel.Config("""{"ipam":{"type":"nope"}}"""));
        Assert.Contains(Path.Combine(flannel.StateDirectory, pod.ContainerId), refused.Output, StringComparison.Ordinal);
        Assert.Equal([pod.ContainerId], flannel.States);
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        flannel.AssertClean();
    }

    [KernelTheory]
    [InlineData("a named pipe")]
    [InlineData("a socket")]
    [InlineData("a directory")]
    [InlineData("a character device")]
    public void What_is_no_file_in_the_place_of_a_state_or_of_subnet_env_is_answered_at_once(string kind)
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        Directory.CreateDirectory(flannel.StateDirectory);
        PlacedFile.Place(kind, Path.Combine(flannel.StateDirectory, pod.ContainerId));
        flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        flannel.Node.Call("CHECK", pod, flannel.Config()).Succeeded();
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        Assert.Equal([pod.ContainerId], flannel.States);

        File.Delete(flannel.SubnetFile);
        PlacedFile.Place(kind, flannel.SubnetFile);
        var refused = flannel.Node.Call("ADD", pod, flannel.Config());
        Assert.Equal(5, refused.Code);
        Assert.Contains($"{flannel.SubnetFile}: {kind}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(50, flannel.Node.Call("STATUS", null, flannel.Config("""{"cniVersion":"1.1.0"}""")).Code);
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
    }

    [KernelFact]
    public void A_missing_delegate_is_said_before_anything_is_kept()
    {
        using var flannel = new FlannelNode();
        var refused = flannel.Node.Call("ADD", flannel.Node.AddPod(), flannel.Config("""{"delegate":{"type":"nobody"}}"""));
        Assert.StartsWith("failed to delegate add: failed to find plugin \"nobody\" in path [", refused.Message, StringComparison.Ordinal);
        Assert.Empty(flannel.States);
    }

    [KernelFact]
    public void An_ADD_that_is_repeated_takes_nothing_from_the_pod()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        var first = pod.Result;
        Assert.NotEqual(0, flannel.Node.Call("ADD", pod, flannel.Config()).ExitCode);
        Assert.Same(first, pod.Result);
        flannel.Node.Call("CHECK", pod, flannel.Config()).Succeeded();
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        flannel.AssertClean();
    }

    [KernelTheory]
    [InlineData("")]
    [InlineData("{\"name\":\"cbr0\",\"type\":\"bri")]
    [InlineData("{\"name\":\"cbr0\"}")]
    [InlineData("\0\0\0\0")]
    public void A_torn_file_does_not_keep_a_pod_from_being_released(string torn)
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        File.WriteAllText(Path.Combine(flannel.StateDirectory, pod.ContainerId), torn);
        var check = flannel.Node.Call("CHECK", pod, flannel.Config());
        Assert.Equal(100, check.Code);
        // After a power cut the daemon may not have written its file yet either.
        File.Delete(flannel.SubnetFile);
        Assert.Contains("cannot be read", flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded().Error, StringComparison.Ordinal);
        flannel.AssertClean();
    }

    [KernelFact]
    public void A_torn_file_gives_way_to_a_new_pod_of_that_id()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        Directory.CreateDirectory(flannel.StateDirectory);
        File.WriteAllText(Path.Combine(flannel.StateDirectory, pod.ContainerId), "{");
        flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        Assert.Equal([pod.ContainerId], flannel.States);
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        flannel.AssertClean();
    }

    [KernelFact]
    public void A_torn_file_that_the_delegate_cannot_release_does_not_hold_the_runtime_up_without_the_daemon_s_file()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        Directory.CreateDirectory(flannel.StateDirectory);
        var file = Path.Combine(flannel.StateDirectory, pod.ContainerId);
        File.WriteAllText(file, "");
        flannel.ReplaceDelegate("""echo '{"code":7,"msg":"no ranges"}'; exit 1""");
        Assert.Equal(7, flannel.Node.Call("DEL", pod, flannel.Config()).Code);
        Assert.True(File.Exists(file));
        File.Delete(flannel.SubnetFile);
        Assert.Contains("no ranges", flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded().Error, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    [KernelFact]
    public void A_full_directory_is_said_with_its_path_and_nothing_is_done()
    {
        using var flannel = new FlannelNode();
        var (first, late) = (flannel.Node.AddPod(), flannel.Node.AddPod());
        Directory.CreateDirectory(flannel.StateDirectory);
        flannel.Node.Tool($"mount -t tmpfs -o nr_inodes=2 state {flannel.StateDirectory}");
        flannel.Node.CallBeside("ADD", first, flannel.Config()).Succeeded();
        var refused = flannel.Node.CallBeside("ADD", late, flannel.Config());
        Assert.Equal(5, refused.Code);
        Assert.Contains("no space left", refused.Message, StringComparison.Ordinal);
        Assert.Contains(flannel.StateDirectory, refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, flannel.Node.Leases("cbr0").Count);
        Assert.Equal(50, flannel.Node.CallBeside("STATUS", null, flannel.Config("""{"cniVersion":"1.1.0"}""")).Code);
        flannel.Node.CallBeside("DEL", late, flannel.Config()).Succeeded();
        flannel.Node.CallBeside("DEL", first, flannel.Config()).Succeeded();
        flannel.Node.CallBeside("ADD", late, flannel.Config()).Succeeded();
    }

    [KernelFact]
    public void CHECK_of_a_pod_that_is_not_attached_fails()
    {
        using var flannel = new FlannelNode();
        var check = flannel.Node.Call("CHECK", flannel.Node.AddPod(), flannel.Config());
        Assert.Equal(100, check.Code);
        Assert.Contains("no config of container", check.Message, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("""{"delegate":{"type":5}}""", "'delegate' dictionary, if present, must have (string) 'type' field")]
    [InlineData("""{"delegate":{"name":"x"}}""", "'delegate' dictionary must not have 'name' field, it'll be set by flannel")]
    [InlineData("""{"delegate":{"ipam":{}}}""", "'delegate' dictionary must not have 'ipam' field, it'll be set by flannel")]
    [InlineData(
        """{"ipam":{"routes":[{"dst":"x"}]}}""",
        "failed to assemble Delegate IPAM: failed to read IPAM routes: failed to parse ipam.routes: invalid CIDR address: x"
    )]
    [InlineData("""{"delegate":"bridge"}""", "failed to load netconf: delegate wants an object, not a text")]
    public void A_wrong_config_is_refused_and_said_by_validate(string patch, string message)
    {
        using var flannel = new FlannelNode();
        var refused = flannel.Node.Call("ADD", flannel.Node.AddPod(), flannel.Config(patch));
        Assert.Equal(message, refused.Message);
        var (exitCode, output, _) = flannel.Node.TryTool(
            [Path.Combine(PluginDirectory.Ours, "flannel"), "validate"],
            flannel.Config(patch).ToJsonString()
        );
        Assert.Equal(1, exitCode);
        Assert.Contains(message, output, StringComparison.Ordinal);
        Assert.Empty(flannel.States);
    }
}
