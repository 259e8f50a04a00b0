using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Dhcp;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>DHCPv6 with dnsmasq, which is the router too.</summary>
public sealed class Dhcp6Tests
{
    private static readonly string[] stateful = ["--enable-ra", "--dhcp-range=fd00:50::1000,fd00:50::1fff,64,2m"];

    private static BackgroundTool StartServer(DhcpNode dhcp, params string[] more)
    {
        var server = dhcp.StartServer([
            .. more,
            "--dhcp-option=option6:dns-server,[fd00:50::53]",
            "--dhcp-option=option6:domain-search,example.org",
        ]);
        return server;
    }

    [KernelFact]
    public void A_macvlan_gets_both_addresses_and_DNS_reaches_the_network_and_gives_both_back()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = StartServer(dhcp, stateful);
        using var daemon = dhcp.StartDaemon();
        // With the kernel's own duplicate detection, as on any node.
        var pod = Dhcp6Network.AddPod(dhcp, detects: true);
        var config = Dhcp6Network.Macvlan(Dhcp6Network.Both);
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        var address = Dhcp6Network.AddressesOf(pod).Split(' ')[1];
        Assert.Matches("^fd00:50::1[0-9a-f]{3}/128$", address);
        Assert.Contains(dhcp.ServerLeases, line => line.Contains($" {address[..^4]} ", StringComparison.Ordinal));
        Assert.Contains("fd00:50::53", pod.Result!["dns"]!["nameservers"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("""["example.org"]""", pod.Result["dns"]!["search"]!.ToJsonString());
        // The way to the network is the advertisement's.
        Eventually.True(
            () => pod.TryTool(["ping", "-6", "-c", "1", "-W", "2", "-I", address[..^4], "fd00:50::1"]).ExitCode == 0,
            () => $"{pod.Tool("ip -6 addr")}{pod.Tool("ip -6 route")}"
        );
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
        dhcp.Node.Call("DEL", pod, config).Succeeded();
        Eventually.Equal(
            0,
            () => Dhcp6Network.Leases6(dhcp) + dhcp.ServerLeases.Count(static each => each.Contains(" 192.", StringComparison.Ordinal))
        );
        Assert.Contains("DHCPRELEASE(s0) 00:04:", dhcp.ServerLog, StringComparison.Ordinal);
        Assert.Empty(dhcp.LeaseFiles);
    }

    [KernelFact]
    public void Without_a_state_the_result_has_the_servers_DNS_and_IPv4_s_address()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = StartServer(dhcp, "--enable-ra", "--dhcp-range=fd00:50::,ra-stateless,64");
        using var daemon = dhcp.StartDaemon();
        var pod = Dhcp6Network.AddPod(dhcp);
        var config = Dhcp6Network.Macvlan("""{"families":["ipv4","ipv6"],"ipv6":"stateless"}""");
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        Assert.StartsWith("192.168.50.", Dhcp6Network.AddressesOf(pod), StringComparison.Ordinal);
        Assert.DoesNotContain("fd00", Dhcp6Network.AddressesOf(pod), StringComparison.Ordinal);
        Assert.Contains("fd00:50::53", pod.Result!["dns"]!["nameservers"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("""["example.org"]""", pod.Result["dns"]!["search"]!.ToJsonString());
        daemon.Kill();
        using var next = dhcp.StartDaemon();
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
        dhcp.Node.Call("DEL", pod, config).Succeeded();
        Assert.Empty(dhcp.LeaseFiles);
    }

    [KernelFact]
    public void Thirty_pods_at_once_get_thirty_addresses_and_give_them_back_again_and_again()
    {
        using var dhcp = Dhcp6Network.Open();
        using var server = StartServer(dhcp, stateful);
        using var daemon = dhcp.StartDaemon();
        var config = Dhcp6Network.Macvlan(Dhcp6Network.Both);
        CniPod[] pods = [.. Enumerable.Range(0, 30).Select(_ => Dhcp6Network.AddPod(dhcp))];
        for (var round = 0; round < 2; round++)
        {
            CallAll(dhcp, "ADD", pods, config);
            Assert.Equal(30, Dhcp6Network.Leases6(dhcp));
            Assert.Equal(30, dhcp.LeaseFiles.Length);
            CallAll(dhcp, "DEL", pods, config);
            Eventually.Equal(0, () => Dhcp6Network.Leases6(dhcp));
            Assert.Empty(dhcp.LeaseFiles);
        }
    }

    private static void CallAll(DhcpNode dhcp, string verb, IReadOnlyList<CniPod> pods, JsonObject config) =>
        Parallel.ForEach(
            pods,
            new ParallelOptions { MaxDegreeOfParallelism = pods.Count },
            pod =>
            {
                string[] command = ["-i", .. dhcp.Node.EnvironmentOf(verb, pod), Path.Combine(dhcp.Node.Plugins, "macvlan")];
                var input = CniNode.InputOf(verb, pod, config);
                var (exitCode, output) = dhcp.Node.RunBeside(() => HostTool.Run("env", command, input));
                Assert.True(exitCode == 0, output);
                if (verb == "ADD")
                    pod.Result = (JsonObject)JsonNode.Parse(output)!;
            }
        );
}
