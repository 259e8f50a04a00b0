using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Dhcp;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>dhcp with dnsmasq, by our daemon and by the reference's.</summary>
public sealed class DhcpTests
{
    [KernelFact]
    public void A_macvlan_gets_address_routes_dns_and_mtu_and_gives_the_lease_back()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer("--dhcp-option=6,192.168.50.9", "--dhcp-option=15,example.org", "--dhcp-option=26,1400");
        using var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        var config = DhcpNode.Macvlan("""{"priority":7}""");
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        Assert.Contains(pod.Address, dhcp.ServerLeases.Single(), StringComparison.Ordinal);
        Assert.Equal("""["192.168.50.9"]""", pod.Result!["dns"]!["nameservers"]!.ToJsonString());
        Assert.Equal("example.org", (string?)pod.Result["dns"]!["domain"]);
        Assert.Equal("default via 192.168.50.1 dev eth0 metric 7 mtu 1400", pod.Tool("ip route show default").Trim());
        pod.Tool("ping -c 1 -W 2 192.168.50.1");
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
        dhcp.Node.Call("DEL", pod, config).Succeeded();
        Eventually.Equal(0, () => dhcp.ServerLeases.Length);
        Assert.Contains("DHCPRELEASE(s0)", dhcp.ServerLog, StringComparison.Ordinal);
        Assert.Empty(dhcp.LeaseFiles);
        dhcp.Node.Call("DEL", pod, config).Succeeded();
    }

    [KernelFact]
    public void A_bridge_s_pod_gets_an_address_from_the_network_of_its_uplink()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        using var daemon = dhcp.StartDaemon();
        dhcp.Node.Tool("ip link add br0 type bridge");
        dhcp.Node.Tool("ip link set m0 master br0");
        dhcp.Node.Tool("ip link set br0 up");
        var pod = dhcp.Node.AddPod();
        var config = DhcpNode.Macvlan();
        config["type"] = "bridge";
        config["bridge"] = "br0";
        config.Remove("master");
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        pod.Tool("ping -c 1 -W 2 192.168.50.1");
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
        dhcp.Node.Call("DEL", pod, config).Succeeded();
        Eventually.Equal(0, () => dhcp.ServerLeases.Length);
    }

    // The lease is given back by the device before that leaves the pod.
    [KernelFact]
    public void A_device_of_the_node_gets_an_address_and_gives_the_lease_back()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        using var daemon = dhcp.StartDaemon();
        dhcp.Node.Tool("ip link add link m0 name x0 type macvlan mode bridge");
        var pod = dhcp.Node.AddPod();
        var config = DhcpNode.Macvlan();
        config["type"] = "host-device";
        config["device"] = "x0";
        config.Remove("master");
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        pod.Tool("ping -c 1 -W 2 192.168.50.1");
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
        dhcp.Node.Call("DEL", pod, config).Succeeded();
        Eventually.Equal(0, () => dhcp.ServerLeases.Length);
        Assert.Contains("x0", dhcp.Node.Tool("ip -br link show dev x0"), StringComparison.Ordinal);
    }

    // What podman's libcni keeps of its calls, nothing that a test has written.
    [KernelFact]
    public void A_container_of_podman_that_the_reference_s_daemon_served_is_taken_over_by_its_results()
    {
        using var podman = PodmanHost.Open(
            """
            {"cniVersion":"1.0.0","name":"test","plugins":[{"type":"macvlan","master":"m0","ipam":{"type":"dhcp"}},{"type":"tuning"}]}
            """
        );
        using var dhcp = new DhcpNode(podman.Node);
        using var server = dhcp.StartServer();
        var reference = dhcp.StartDaemon(PluginDirectory.Reference);
        podman.Start("web", "sleep", "600");
        var before = podman.Exec("web", "ip", "-o", "-4", "addr", "show", "dev", "eth0");
        reference.Kill();
        using var daemon = dhcp.StartDaemon(flags: ["-results", "/var/lib/cni/results"]);
        Eventually.True(() => dhcp.LeaseFiles.Length == 1, () => $"{daemon.Output}{dhcp.ServerLog}");
        Assert.Contains("taken over from /var/lib/cni/results/test-", daemon.Output, StringComparison.Ordinal);
        Assert.Equal(before, podman.Exec("web", "ip", "-o", "-4", "addr", "show", "dev", "eth0"));
        podman.Run("rm", "--force", "--time", "0", "web");
        Eventually.Equal(0, () => dhcp.ServerLeases.Length + dhcp.LeaseFiles.Length);
    }

    [KernelTheory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Plugin_and_daemon_of_different_make_work_together(bool isOurPlugin, bool isOurDaemon)
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        using var daemon = dhcp.StartDaemon(isOurDaemon ? PluginDirectory.Ours : PluginDirectory.Reference);
        var mixed = Path.Combine(dhcp.Node.Directory, "bin");
        Directory.CreateDirectory(mixed);
        File.CreateSymbolicLink(Path.Combine(mixed, "macvlan"), Path.Combine(PluginDirectory.Ours, "macvlan"));
        var plugin = isOurPlugin ? PluginDirectory.Ours : PluginDirectory.Reference;
        File.CreateSymbolicLink(Path.Combine(mixed, "dhcp"), Path.Combine(plugin, "dhcp"));
        dhcp.Node.Plugins = mixed;
        var pod = dhcp.Node.AddPod();
        // The newest version that Debian's reference knows.
        var config = DhcpNode.Macvlan();
        config["cniVersion"] = "1.0.0";
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        Assert.Contains(pod.Address, dhcp.ServerLeases.Single(), StringComparison.Ordinal);
        pod.Tool("ping -c 1 -W 2 192.168.50.1");
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
        dhcp.Node.Call("DEL", pod, config).Succeeded();
    }

    [KernelFact]
    public void Without_a_daemon_ADD_and_CHECK_say_so_and_DEL_succeeds()
    {
        using var dhcp = new DhcpNode();
        var pod = dhcp.Node.AddPod();
        var config = DhcpNode.Macvlan();
        var output = dhcp.Node.Call("ADD", pod, config);
        Assert.Equal(11, output.Code);
        Assert.Equal("error dialing DHCP daemon: dial unix /run/cni/dhcp.sock: connect: no such file or directory", output.Message);
        Assert.NotEqual(0, pod.TryTool(["ip", "link", "show", "dev", "eth0"]).ExitCode);
        config["type"] = "dhcp";
        Assert.Equal(11, dhcp.Node.Call("CHECK", pod, config).Code);
        Assert.Equal(50, dhcp.Node.Call("STATUS", null, config).Code);
        dhcp.Node.Call("DEL", pod, config).Succeeded();
        dhcp.Node.Call("GC", null, config).Succeeded();
    }

    [KernelFact]
    public void DEL_succeeds_while_the_daemon_is_away_and_its_next_start_releases_the_lease()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        daemon.Terminate();
        Assert.Equal(0, daemon.ExitCode);
        Assert.Single(dhcp.LeaseFiles);
        dhcp.Node.Call("DEL", pod, DhcpNode.Macvlan()).Succeeded();
        Assert.Single(dhcp.ServerLeases);
        using var next = dhcp.StartDaemon();
        Eventually.Equal(0, () => dhcp.ServerLeases.Length + dhcp.LeaseFiles.Length);
        // What it prints is read by another thread.
        Eventually.True(() => next.Output.Contains("DEL came while the daemon was away", StringComparison.Ordinal), () => next.Output);
    }

    [KernelFact]
    public void The_lease_of_a_namespace_that_is_gone_is_released_by_DEL()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        using var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        dhcp.Node.EndPod(pod);
        dhcp.Node.Call("DEL", pod, DhcpNode.Macvlan()).Succeeded();
        Eventually.Equal(0, () => dhcp.ServerLeases.Length);
        Assert.Empty(dhcp.LeaseFiles);
    }

    [KernelFact]
    public void GC_releases_the_leases_of_pods_that_are_not_valid()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        using var daemon = dhcp.StartDaemon();
        var (stays, goes) = (dhcp.Node.AddPod(), dhcp.Node.AddPod());
        dhcp.Node.Call("ADD", stays, DhcpNode.Macvlan()).Succeeded();
        dhcp.Node.Call("ADD", goes, DhcpNode.Macvlan()).Succeeded();
        var config = DhcpNode.Macvlan();
        config["cni.dev/valid-attachments"] = new JsonArray(new JsonObject { ["containerID"] = stays.ContainerId, ["ifname"] = "eth0" });
        dhcp.Node.Call("GC", null, config).Succeeded();
        Eventually.Equal(1, () => dhcp.ServerLeases.Length);
        Assert.Contains(stays.Address, dhcp.ServerLeases.Single(), StringComparison.Ordinal);
        dhcp.Node.Call("CHECK", stays, DhcpNode.Macvlan()).Succeeded();
    }

    [KernelFact]
    public void A_repeated_ADD_of_the_same_interface_gets_the_lease_that_is_there()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        using var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        var address = pod.Address;
        var alone = DhcpNode.Macvlan();
        alone["type"] = "dhcp";
        dhcp.Node.Call("ADD", pod, alone).Succeeded();
        Assert.Equal(address, pod.Address);
        Assert.Single(dhcp.ServerLeases);
        // The link is made again, with another hardware address: CHECK sees it, ADD takes a lease for it.
        pod.Tool("ip link del eth0");
        Assert.Equal(100, dhcp.Node.Call("CHECK", pod, alone).Code);
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        dhcp.Node.Call("CHECK", pod, DhcpNode.Macvlan()).Succeeded();
    }

    [KernelFact]
    public void Options_are_requested_and_provided_as_the_config_says()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer("--dhcp-option=121,10.9.0.0/16,192.168.50.3,0.0.0.0/0,192.168.50.2");
        using var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        var config = DhcpNode.Macvlan(
            """
            {"request":[{"option":"121"}],
             "provide":[{"option":"host-name","value":"x","fromArg":"K8S_POD_NAME"},{"option":"60","value":"plug"}]}
            """
        );
        dhcp.Node.Call("ADD", pod, config, "CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=web-0").Succeeded();
        Assert.Contains("default via 192.168.50.2", pod.Tool("ip route"), StringComparison.Ordinal);
        Assert.Contains("10.9.0.0/16 via 192.168.50.3", pod.Tool("ip route"), StringComparison.Ordinal);
        Assert.Contains(" web-0 ", dhcp.ServerLeases.Single(), StringComparison.Ordinal);
        Assert.Contains("vendor class: plug", dhcp.ServerLog, StringComparison.Ordinal);
    }

    // As clouds answer. The reference: "network is unreachable".
    [KernelTheory]
    [InlineData("--dhcp-option=1,255.255.255.255", "192.168.50.1", "/32")]
    [InlineData("--dhcp-option=3,172.31.1.1", "172.31.1.1", "/24")]
    public void A_router_outside_of_the_lease_s_network_is_reached_on_the_link(string option, string router, string length)
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer(option);
        using var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        Assert.EndsWith(length, pod.Addresses[0], StringComparison.Ordinal);
        Assert.Contains($"default via {router} dev eth0", pod.Tool("ip route"), StringComparison.Ordinal);
        Assert.Contains($"{router} dev eth0 scope link", pod.Tool("ip route"), StringComparison.Ordinal);
        dhcp.Node.Call("CHECK", pod, DhcpNode.Macvlan()).Succeeded();
        dhcp.Node.Call("DEL", pod, DhcpNode.Macvlan()).Succeeded();
    }

    [KernelFact]
    public void Fifty_pods_at_once_get_an_address_each()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        using var daemon = dhcp.StartDaemon();
        var pods = Enumerable.Range(0, 50).Select(_ => dhcp.Node.AddPod()).ToList();
        Parallel.ForEach(
            pods,
            new ParallelOptions { MaxDegreeOfParallelism = 50 },
            pod => pod.Result = dhcp.Node.RunBeside(() => Add(dhcp, pod))
        );
        Assert.Equal(50, pods.Select(static pod => pod.Address).Distinct().Count());
        Assert.Equal(50, dhcp.LeaseFiles.Length);
        var status = File.ReadAllLines($"/proc/{daemon.Id}/status");
        Assert.Equal("Threads:\t1", status.Single(static line => line.StartsWith("Threads", StringComparison.Ordinal)));
        var resident = status
            .Single(static line => line.StartsWith("VmRSS", StringComparison.Ordinal))
            .Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1];
        Assert.InRange(int.Parse(resident, null), 0, 20_000);
        foreach (var pod in pods)
            dhcp.Node.Call("DEL", pod, DhcpNode.Macvlan()).Succeeded();
        Eventually.Equal(0, () => dhcp.ServerLeases.Length);
    }

    [KernelFact]
    public void Calls_at_once_for_one_interface_share_a_lease()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        using var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Tool("ip link add link m0 name x0 type macvlan mode bridge");
        dhcp.Node.Tool($"ip link set x0 netns {pod.Path} name eth0");
        var addresses = new string[8];
        Parallel.For(
            0,
            addresses.Length,
            new ParallelOptions { MaxDegreeOfParallelism = addresses.Length },
            i => addresses[i] = (string)dhcp.Node.RunBeside(() => Add(dhcp, pod, "dhcp"))["ips"]![0]!["address"]!
        );
        Assert.Single(addresses.Distinct());
        Assert.Single(dhcp.ServerLeases);
        Assert.Equal(2, dhcp.ServerLog.Split("DHCPREQUEST(s0)").Length);
    }

    [KernelFact]
    public void A_daemon_that_cannot_see_the_pods_keeps_their_leases()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Tool("mkdir /run/pods");
        dhcp.Node.Tool("touch /run/pods/a");
        dhcp.Node.Tool($"mount --bind {pod.Path} /run/pods/a");
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan(), "CNI_NETNS=/run/pods/a").Succeeded();
        daemon.Kill();
        dhcp.Node.Tool("mv /run/pods /run/elsewhere");
        using var next = dhcp.StartDaemon();
        Eventually.True(() => next.Output.Contains("its lease stays", StringComparison.Ordinal), () => next.Output);
        Assert.Single(dhcp.LeaseFiles);
        Assert.Single(dhcp.ServerLeases);
        dhcp.Node.Tool("mv /run/elsewhere /run/pods");
        dhcp.Node.Call("CHECK", pod, DhcpNode.Macvlan(), "CNI_NETNS=/run/pods/a").Succeeded();
        dhcp.Node.Tool("umount /run/pods/a");
        dhcp.Node.Tool("rm /run/pods/a");
        next.Terminate();
        // The directory is there and the namespace is not: the pod has ended.
        using var last = dhcp.StartDaemon();
        Eventually.Equal(0, () => dhcp.LeaseFiles.Length + dhcp.ServerLeases.Length);
    }

    private static JsonNode Add(DhcpNode dhcp, CniPod pod, string plugin = "macvlan")
    {
        string[] command = ["-i", .. dhcp.Node.EnvironmentOf("ADD", pod), Path.Combine(dhcp.Node.Plugins, plugin)];
        var (exitCode, output) = HostTool.Run("env", command, DhcpNode.Macvlan().ToJsonString());
        Assert.True(exitCode == 0, output);
        return JsonNode.Parse(output)!;
    }
}
