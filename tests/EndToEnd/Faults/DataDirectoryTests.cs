using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>host-local's data directory when it cannot be written, or holds what no plugin put there.</summary>
public sealed class DataDirectoryTests
{
    [KernelFact]
    public void A_full_directory_is_said_with_its_path_and_loses_nothing()
    {
        using var node = new CniNode();
        MountTmpfs(node, "nr_inodes=14");
        var config = node.BridgeConfig();
        var added = new List<CniPod>();
        CniOutput refused;
        while (true)
        {
            var pod = node.AddPod();
            var before = MachineState.Of(node, pod);
            var output = node.Call("ADD", pod, config);
            if (output.ExitCode != 0)
            {
                refused = output;
                Assert.Empty(before.Difference(MachineState.Of(node, pod), added.Count > 0 ? null : FaultyMachine.IsOfTheBridge));
                break;
            }

            added.Add(pod);
            Assert.True(added.Count < 20);
        }

        AssertIOFailure(node, refused, "no space left");
        Assert.Contains("has space, but no inodes left (df -i ", refused.Details, StringComparison.Ordinal);
        Assert.Equal(50, node.Call("STATUS", null, Version11(config)).Code);
        Assert.NotEmpty(added);
        foreach (var pod in added)
            node.Call("CHECK", pod, config).Succeeded();
        foreach (var pod in added)
            node.Call("DEL", pod, config).Succeeded();
        node.Call("ADD", added[0], config).Succeeded();
    }

    [KernelFact]
    public void A_read_only_directory_is_said_with_its_path_and_loses_nothing()
    {
        using var node = new CniNode();
        MountTmpfs(node, "size=1m");
        var config = node.BridgeConfig();
        var (older, pod) = (node.AddPod(), node.AddPod());
        node.Call("ADD", older, config).Succeeded();
        node.Tool($"mount -o remount,ro {node.DataDirectory}");
        var links = Links(node);
        AssertIOFailure(node, node.Call("ADD", pod, config), "read-only");
        Assert.Equal(links, Links(node));
        Assert.Equal(50, node.Call("STATUS", null, Version11(config)).Code);
        node.Call("CHECK", older, config).Succeeded();
        AssertIOFailure(node, node.Call("DEL", older, config), "read-only");
        node.Tool($"mount -o remount,rw {node.DataDirectory}");
        node.Call("DEL", older, config).Succeeded();
        Assert.Equal("", node.Run(() => string.Join(' ', node.Leases().Keys)));
    }

    [KernelFact]
    public void A_directory_whose_parents_are_missing_is_made_and_one_below_a_file_is_refused()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, WithDataDir(node, "a/b/c")).Succeeded();
        Assert.True(File.Exists(Path.Combine(node.Directory, "a/b/c/test/10.1.0.2")));
        node.Call("DEL", pod, WithDataDir(node, "a/b/c")).Succeeded();
        Assert.False(File.Exists(Path.Combine(node.Directory, "a/b/c/test/10.1.0.2")));

        File.WriteAllText(Path.Combine(node.Directory, "file"), "");
        var refused = node.Call("ADD", pod, WithDataDir(node, "file/below"));
        Assert.Equal(5, refused.Code);
        Assert.Contains(Path.Combine(node.Directory, "file"), refused.Message, StringComparison.Ordinal);
        node.Call("DEL", pod, WithDataDir(node, "file/below")).Succeeded();
    }

    [KernelFact]
    public void A_foreign_file_keeps_its_address_and_a_crash_s_leftover_gives_it_up()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        var leases = Directory.CreateDirectory(Path.Combine(node.DataDirectory, "test")).FullName;
        Directory.CreateDirectory(Path.Combine(leases, "10.1.0.2"));
        File.WriteAllText(Path.Combine(leases, "10.1.0.3"), "reserved for the printer, ask Jo\n");
        File.WriteAllText(Path.Combine(leases, "10.1.0.4"), "");
        File.WriteAllBytes(Path.Combine(leases, "10.1.0.5"), new byte[12]);
        File.WriteAllText(Path.Combine(leases, "notes.txt"), "pod1\r\neth0");
        string[] addresses = [Add(node, config), Add(node, config), Add(node, config)];
        Assert.Equal(["10.1.0.4", "10.1.0.5", "10.1.0.6"], addresses);

        var call = Version11(config);
        call["cni.dev/valid-attachments"] = new JsonArray();
        node.Call("GC", null, call).Succeeded();
        Assert.Equal(["10.1.0.3"], node.Leases().Keys);
        Assert.True(Directory.Exists(Path.Combine(leases, "10.1.0.2")) && File.Exists(Path.Combine(leases, "notes.txt")));
    }

    [KernelFact]
    public void A_range_that_is_used_up_is_said_with_counts_and_a_torn_lease_in_it_is_used()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig(static config =>
            config["ipam"]!["ranges"] = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = "10.1.0.0/29" }))
        );
        var pods = Enumerable.Range(0, 5).Select(_ => node.AddPod()).ToArray();
        foreach (var pod in pods)
            node.Call("ADD", pod, config).Succeeded();
        var late = node.AddPod();
        var before = MachineState.Of(node, late);
        var refused = node.Call("ADD", late, config);
        Assert.Equal(11, refused.Code);
        Assert.Contains("10.1.0.1-10.1.0.6", refused.Message, StringComparison.Ordinal);
        Assert.Contains("5", refused.Details, StringComparison.Ordinal);
        Assert.Empty(before.Difference(MachineState.Of(node, late)));
        node.Call("STATUS", null, Version11(config)).Succeeded();

        File.WriteAllText(Path.Combine(node.DataDirectory, "test", pods[2].Address), "");
        node.Call("STATUS", null, Version11(config)).Succeeded();
        node.Call("ADD", late, config).Succeeded();
        Assert.Equal(pods[2].Address, late.Address);
    }

    private static string Add(CniNode node, JsonObject config)
    {
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        return pod.Address;
    }

    private static void MountTmpfs(CniNode node, string options)
    {
        Directory.CreateDirectory(node.DataDirectory);
        node.Tool($"mount -t tmpfs -o {options} tmpfs {node.DataDirectory}");
    }

    private static void AssertIOFailure(CniNode node, CniOutput output, string reason)
    {
        Assert.Equal(5, output.Code);
        Assert.Contains(node.DataDirectory, output.Message, StringComparison.Ordinal);
        Assert.Contains(reason, output.Message, StringComparison.Ordinal);
        Assert.NotEqual("", output.Details);
    }

    private static JsonObject WithDataDir(CniNode node, string path) =>
        node.BridgeConfig(config => config["ipam"]!["dataDir"] = Path.Combine(node.Directory, path));

    private static JsonObject Version11(JsonObject config)
    {
        var copy = (JsonObject)config.DeepClone();
        copy["cniVersion"] = "1.1.0";
        return copy;
    }

    // Without their state, which the kernel may still be changing.
    private static string[] Links(CniNode node) =>
        [.. node.Tool("ip -brief link").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' ')[0])];
}
