using Plugboard.Dhcp.Wire;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Dhcp;

/// <summary>Both families beside a killed plugin and daemon, a pod that is gone, and the reference's plugin and daemon.</summary>
public sealed class Dhcp6DaemonTests
{
    [KernelFact]
    public void A_killed_daemon_is_followed_by_one_that_renews_both_leases_and_DEL_without_a_daemon_releases_both()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = dhcp.StartServer();
        using var server6 = new ScriptedServer6(dhcp.Server, static message => Dhcp6Network.Serve(message));
        var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        var config = Dhcp6Network.Macvlan(Dhcp6Network.Both);
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        Assert.Equal(2, pod.Result!["ips"]!.AsArray().Count);
        daemon.Kill();
        var before = server6.Messages.Count;
        var next = dhcp.StartDaemon();
        Eventually.True(() => server6.Messages.Count >= before + 2, () => $"{server6.Words} {next.Output}");
        Assert.All(server6.Messages.Skip(before), static each => Assert.True(each.Type is Dhcp6Type.Renew or Dhcp6Type.Rebind));
        Assert.All(server6.Messages, message => Assert.Equal(server6.Messages[0].Client, message.Client));
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
        next.Kill();
        dhcp.Node.Call("DEL", pod, config).Succeeded();
        Assert.Single(dhcp.LeaseFiles);
        using var last = dhcp.StartDaemon();
        Eventually.True(() => server6.Words.EndsWith("Release", StringComparison.Ordinal), () => $"{server6.Words}{last.Output}");
        Eventually.Equal(0, () => dhcp.ServerLeases.Length);
        Eventually.Equal(0, () => dhcp.LeaseFiles.Length);
    }

    [KernelFact]
    public void A_lease_that_ended_while_no_daemon_ran_is_asked_for_and_kept()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = new ScriptedServer6(dhcp.Server, static message => Dhcp6Network.Serve(message));
        var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        dhcp.Node.Call("ADD", pod, Dhcp6Network.Macvlan()).Succeeded();
        daemon.Kill();
        Age(dhcp, 20_000);
        var before = server.Messages.Count;
        using var next = dhcp.StartDaemon();
        Eventually.True(() => next.Output.Contains("confirmed", StringComparison.Ordinal), () => $"{server.Words}{next.Output}");
        Assert.Equal(Dhcp6Type.Rebind, server.Messages[before].Type);
        Assert.Contains("fd00:50::77/128", Dhcp6Network.On(pod), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("{}", Dhcp6Network.Both, "ipam.families has ipv6, and had not at ADD: restart the pod")]
    [InlineData(Dhcp6Network.Alone, Dhcp6Network.Both, "ipam.families has ipv4, and had not at ADD: restart the pod")]
    [InlineData(Dhcp6Network.Both, "{}", null)]
    [InlineData(Dhcp6Network.Both, Dhcp6Network.Alone, null)]
    [InlineData(Dhcp6Network.Both, """{"families":["ipv4","ipv6"],"ipv6":"stateless"}""", null)]
    public void CHECK_misses_a_family_that_the_config_has_and_ADD_had_not_and_none_that_it_lost(string added, string now, string? missing)
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = dhcp.StartServer();
        using var server6 = new ScriptedServer6(dhcp.Server, static message => Dhcp6Network.Serve(message));
        using var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        dhcp.Node.Call("ADD", pod, Dhcp6Network.Macvlan(added)).Succeeded();
        dhcp.Node.Call("CHECK", pod, Dhcp6Network.Macvlan(added)).Succeeded();
        var output = dhcp.Node.Call("CHECK", pod, Dhcp6Network.Macvlan(now));
        if (missing is null)
            output.Succeeded();
        else
            Assert.Equal((100, $"error calling DHCP.Check: {missing}"), (output.Code, output.Message));
        dhcp.Node.Call("DEL", pod, Dhcp6Network.Macvlan(now)).Succeeded();
        Assert.Empty(dhcp.LeaseFiles);
    }

    private static void Age(DhcpNode dhcp, long milliseconds)
    {
        var file = dhcp.LeaseFiles.Single();
        dhcp.Node.Run(() =>
        {
            var lines = File.ReadAllLines(file);
            var at = Array.FindIndex(lines, static line => line.StartsWith("acquired6 ", StringComparison.Ordinal));
            lines[at] = $"acquired6 {Math.Max(long.Parse(lines[at].Split(' ')[1]) - milliseconds, 1)}";
            File.WriteAllLines(file, lines);
        });
    }

    [KernelFact]
    public void Without_files_a_pod_is_found_by_its_result_and_servers_extend_its_address()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = new ScriptedServer6(dhcp.Server, static message => Dhcp6Network.Serve(message));
        var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        var config = Dhcp6Network.Macvlan();
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        dhcp.Remember(pod, config);
        daemon.Kill();
        Assert.Equal(0, dhcp.Node.TryTool(["sh", "-c", "rm /run/cni/dhcp.sock.leases/*"]).ExitCode);
        using var next = dhcp.StartDaemon();
        Eventually.True(() => next.Output.Contains("confirmed", StringComparison.Ordinal), () => $"{server.Words}{next.Output}");
        Eventually.True(() => server.Words.Contains("Rebind Renew", StringComparison.Ordinal), () => server.Words);
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
    }

    // The one lease was there, and the other not yet: neither must stay.
    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_ADD_that_is_killed_between_both_families_leaves_no_lease(bool isDaemon)
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = dhcp.StartServer();
        using var server6 = new ScriptedServer6(dhcp.Server, static _ => []);
        var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        var config = Path.Combine(dhcp.Node.Directory, "conf");
        File.WriteAllText(config, Dhcp6Network.Macvlan(Dhcp6Network.Both).ToJsonString());
        dhcp.Node.Tool("ip link add link m0 name x0 type macvlan mode bridge");
        dhcp.Node.Tool($"ip link set x0 netns {pod.Path} name eth0");
        var plugin = Path.Combine(dhcp.Node.Plugins, "dhcp");
        string[] command = ["-i", .. dhcp.Node.EnvironmentOf("ADD", pod), "/bin/sh", "-c", $"exec {plugin} < {config}"];
        using var add = dhcp.Start(dhcp.Node, "env", command);
        Eventually.True(() => dhcp.LeaseFiles.Length == 1 && server6.Words.Length > 0, () => daemon.Output);
        if (isDaemon)
        {
            daemon.Kill();
            daemon = dhcp.StartDaemon();
        }
        else
        {
            add.Kill();
        }

        Eventually.True(() => dhcp.ServerLeases.Length == 0, () => daemon.Output);
        Eventually.Equal(0, () => dhcp.LeaseFiles.Length);
        daemon.Terminate();
    }

    [KernelFact]
    public void A_pod_that_is_gone_gives_its_lease_back_by_the_host_s_link()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = new ScriptedServer6(dhcp.Server, static message => Dhcp6Network.Serve(message));
        using var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        dhcp.Node.Call("ADD", pod, Dhcp6Network.Macvlan()).Succeeded();
        pod.Tool("ip link del eth0");
        dhcp.Node.Call("DEL", pod, Dhcp6Network.Macvlan()).Succeeded();
        Eventually.True(() => server.Words.EndsWith("Release", StringComparison.Ordinal), () => $"{server.Words}{daemon.Output}");
        Assert.Empty(dhcp.LeaseFiles);
    }

    [KernelFact]
    public void A_pod_that_takes_no_advertisements_is_refused_and_one_without_IPv6_gets_it()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = new ScriptedServer6(dhcp.Server, static message => Dhcp6Network.Serve(message));
        using var daemon = dhcp.StartDaemon();
        var deaf = Dhcp6Network.AddPod(dhcp);
        deaf.Tool("sysctl -qw net.ipv6.conf.default.accept_ra=0");
        var output = dhcp.Node.Call("ADD", deaf, Dhcp6Network.Macvlan());
        Assert.Equal(11, output.Code);
        Assert.Contains("interface eth0 takes no router advertisements (accept_ra 0", output.Message, StringComparison.Ordinal);
        var off = Dhcp6Network.AddPod(dhcp);
        off.Tool("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
        dhcp.Node.Call("ADD", off, Dhcp6Network.Macvlan()).Succeeded();
        Assert.Contains("fd00:50::77/128", Dhcp6Network.On(off), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Beside_the_reference_s_daemon_the_key_is_an_error_that_says_so_and_takes_no_lease()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = dhcp.StartServer();
        using var daemon = dhcp.StartDaemon(PluginDirectory.Reference);
        var pod = Dhcp6Network.AddPod(dhcp);
        foreach (var ipam in new[] { Dhcp6Network.Both, Dhcp6Network.Alone })
        {
            var output = dhcp.Node.Call("ADD", pod, Dhcp6Network.Macvlan(ipam));
            Assert.Equal(50, output.Code);
            Assert.Equal("the DHCP daemon at /run/cni/dhcp.sock gives IPv4 addresses alone, and ipam.families has ipv6", output.Message);
        }

        Assert.Empty(dhcp.ServerLeases);
    }

    [KernelFact]
    public void The_reference_s_plugin_gets_both_addresses_of_our_daemon()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = dhcp.StartServer();
        using var server6 = new ScriptedServer6(dhcp.Server, static message => Dhcp6Network.Serve(message));
        using var daemon = dhcp.StartDaemon();
        dhcp.CallDhcpOf(PluginDirectory.Reference);
        var pod = Dhcp6Network.AddPod(dhcp);
        var config = Dhcp6Network.Macvlan(Dhcp6Network.Both);
        config["cniVersion"] = "1.0.0";
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        Assert.EndsWith("fd00:50::77/128", Dhcp6Network.AddressesOf(pod), StringComparison.Ordinal);
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
        dhcp.Node.Call("DEL", pod, config).Succeeded();
        Eventually.True(() => server6.Words.EndsWith("Release", StringComparison.Ordinal), () => server6.Words);
        Eventually.Equal(0, () => dhcp.ServerLeases.Length);
    }
}
