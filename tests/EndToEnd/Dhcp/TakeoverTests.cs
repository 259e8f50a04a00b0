using System.Text;
using Plugboard.Dhcp.Wire;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Dhcp;

/// <summary>From the reference's daemon to ours and back while pods run: the one keeps its leases in memory only.</summary>
public sealed class TakeoverTests
{
    private const uint Lease = 6;

    private static DhcpMessage? Serve(Received message, string address = "192.168.50.77", uint lease = Lease) =>
        message.Word switch
        {
            "DISCOVER" => ScriptedServer.Answer(message, DhcpType.Offer, address, lease),
            "SELECT" or "REBOOT" or "RENEW" or "REBIND" => ScriptedServer.Answer(message, DhcpType.Ack, address, lease),
            _ => null,
        };

    private static string AddressOf(CniPod pod) =>
        pod.Tool("ip -o -4 addr show dev eth0").Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(3) ?? "none";

    [KernelFact]
    public void What_the_reference_s_daemon_held_is_renewed_by_ours()
    {
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(dhcp.Server, static message => Serve(message));
        var reference = dhcp.StartDaemon(PluginDirectory.Reference);
        dhcp.CallDhcpOf(PluginDirectory.Reference);
        var pod = dhcp.Node.AddPod();
        var config = DhcpNode.Macvlan();
        config["cniVersion"] = "1.0.0";
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        dhcp.Remember(pod, config);
        reference.Terminate();
        var before = server.Messages.Count;
        dhcp.CallDhcpOf(PluginDirectory.Ours);
        using var daemon = dhcp.StartDaemon();
        Eventually.True(
            () =>
                string.Join(' ', server.Messages.Skip(before).Select(static each => each.Word))
                    .StartsWith("REBOOT RENEW", StringComparison.Ordinal),
            () => $"{server.Words}{daemon.Output}"
        );
        // To the server it is the same client, with the address that it has.
        Assert.All(
            server.Messages.Where(static each => each.Word is "DISCOVER" or "REBOOT"),
            each => Assert.Equal("\0pod0/lan/eth0", Encoding.UTF8.GetString(each.Message.Find(DhcpOption.ClientIdentifier)!))
        );
        Assert.Equal("192.168.50.77", server.Messages[before].Message.FindAddress(DhcpOption.RequestedAddress).ToString());
        Assert.Equal("192.168.50.77/24", AddressOf(pod));
        Assert.Contains("192.168.50.77/24 confirmed by 192.168.50.1", daemon.Output, StringComparison.Ordinal);
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
        dhcp.Node.Call("DEL", pod, config).Succeeded();
        Eventually.True(() => server.Words.EndsWith("RELEASE", StringComparison.Ordinal), () => server.Words);
        Assert.Empty(dhcp.LeaseFiles);
    }

    [KernelFact]
    public void Dnsmasq_confirms_what_it_gave_to_the_reference_s_daemon()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        var reference = dhcp.StartDaemon(PluginDirectory.Reference);
        var pod = dhcp.Node.AddPod();
        var config = DhcpNode.Macvlan();
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        dhcp.Remember(pod, config);
        // No time to say anything.
        reference.Kill();
        using var daemon = dhcp.StartDaemon();
        Eventually.Equal(1, () => dhcp.LeaseFiles.Length);
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
        Assert.Equal($"{pod.Address}/24", AddressOf(pod));
        Assert.Contains(pod.Address, dhcp.ServerLeases.Single(), StringComparison.Ordinal);
        dhcp.Node.Call("DEL", pod, config).Succeeded();
        Eventually.Equal(0, () => dhcp.ServerLeases.Length);
    }

    [KernelFact]
    public void The_reference_s_daemon_renews_what_was_handed_over_and_the_way_can_be_gone_again()
    {
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(dhcp.Server, static message => Serve(message));
        var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        var config = DhcpNode.Macvlan();
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        dhcp.Remember(pod, config);
        daemon.Terminate();
        var reference = dhcp.StartDaemon(PluginDirectory.Reference);
        var before = server.Messages.Count;
        var handover = dhcp.Node.TryTool([Path.Combine(PluginDirectory.Ours, "dhcp"), "handover", "-results", dhcp.Results]);
        Assert.True(handover.ExitCode == 0, handover.Error);
        Assert.Contains("1 leases handed over to the daemon at /run/cni/dhcp.sock, 0 failed", handover.Error, StringComparison.Ordinal);
        Assert.Empty(dhcp.LeaseFiles);
        // It renews with the server's identifier, as if it selected.
        Eventually.True(
            () => server.Messages.Skip(before).Count(static each => each.Word == "SELECT") >= 2,
            () => $"{server.Words}{reference.Output}"
        );
        Assert.Equal("192.168.50.77/24", AddressOf(pod));
        reference.Terminate();
        using var next = dhcp.StartDaemon();
        Eventually.Equal(1, () => dhcp.LeaseFiles.Length);
        dhcp.Node.Call("CHECK", pod, config).Succeeded();
    }

    [KernelFact]
    public void A_handover_says_which_lease_the_daemon_does_not_hold()
    {
        using var dhcp = new DhcpNode();
        var address = "192.168.50.77";
        using var server = new ScriptedServer(dhcp.Server, message => Serve(message, address));
        var daemon = dhcp.StartDaemon();
        var executable = Path.Combine(PluginDirectory.Ours, "dhcp");
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        // Our own daemon holds it, and keeps its file.
        var handover = dhcp.Node.TryTool([executable, "handover", "-results", ""]);
        Assert.True(handover.ExitCode == 0, handover.Error);
        Assert.Single(dhcp.LeaseFiles);
        daemon.Terminate();
        handover = dhcp.Node.TryTool([executable, "handover", "-results", ""]);
        Assert.Equal(1, handover.ExitCode);
        Assert.Contains("not handed over: error dialing DHCP daemon", handover.Error, StringComparison.Ordinal);
        using var reference = dhcp.StartDaemon(PluginDirectory.Reference);
        address = "192.168.50.78";
        handover = dhcp.Node.TryTool([executable, "handover", "-results", ""]);
        Assert.Equal(1, handover.ExitCode);
        Assert.Contains("192.168.50.78/24, and the pod has 192.168.50.77/24: restart the pod", handover.Error, StringComparison.Ordinal);
        Assert.Single(dhcp.LeaseFiles);
        Assert.Equal(2, dhcp.Node.TryTool([executable, "handover", "-broadcast"]).ExitCode);
    }

    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_address_that_no_server_confirms_is_replaced_and_not_before(bool isRefused)
    {
        var isLater = false;
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(
            dhcp.Server,
            message =>
                message.Word == "REBOOT"
                    ? isRefused
                        ? ScriptedServer.Answer(message, DhcpType.Nak, "0.0.0.0")
                        : null
                    : Serve(message, isLater ? "192.168.50.78" : "192.168.50.77")
        );
        var first = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        dhcp.Remember(pod, DhcpNode.Macvlan());
        first.Kill();
        dhcp.Node.Tool("rm -r /run/cni/dhcp.sock.leases");
        isLater = true;
        using var daemon = dhcp.StartDaemon(flags: ["-timeout", "1s"]);
        Eventually.True(
            () => AddressOf(pod) == "192.168.50.78/24",
            () => $"{pod.Tool("ip -o -4 addr show dev eth0")}{server.Words}{daemon.Output}"
        );
        Assert.Contains("default via 192.168.50.1", pod.Tool("ip route"), StringComparison.Ordinal);
        Assert.Contains(isRefused ? "its lease is lost" : "no server confirms 192.168.50.77/24", daemon.Output, StringComparison.Ordinal);
        Assert.Equal(100, dhcp.Node.Call("CHECK", pod, DhcpNode.Macvlan()).Code);
    }

    [KernelFact]
    public void A_lease_that_ended_while_no_daemon_ran_is_kept_if_the_server_agrees()
    {
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(dhcp.Server, static message => Serve(message));
        var first = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        first.Kill();
        var count = server.Messages.Count;
        using var monitor = dhcp.Start(pod, "ip", "monitor", "address");
        dhcp.AgeLeases(TimeSpan.FromSeconds(Lease));
        using var daemon = dhcp.StartDaemon();
        Eventually.True(() => server.Messages.Count > count, () => daemon.Output);
        Assert.Equal("REBOOT", server.Messages[count].Word);
        Assert.DoesNotContain("Deleted", monitor.Output, StringComparison.Ordinal);
        dhcp.Node.Call("CHECK", pod, DhcpNode.Macvlan()).Succeeded();
    }

    [KernelFact]
    public void Results_of_pods_that_are_gone_or_have_another_address_are_left_alone()
    {
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(dhcp.Server, static message => Serve(message));
        var first = dhcp.StartDaemon(flags: ["-probe", "0"]);
        var (gone, other, replaced) = (dhcp.Node.AddPod(), dhcp.Node.AddPod(), dhcp.Node.AddPod());
        foreach (var pod in new[] { gone, other, replaced })
        {
            dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
            dhcp.Remember(pod, DhcpNode.Macvlan());
        }

        first.Kill();
        dhcp.Node.EndPod(gone);
        other.Tool("ip addr del 192.168.50.77/24 dev eth0");
        replaced.Tool("ip link set eth0 address 02:11:22:33:44:55");
        dhcp.Node.Tool("rm -r /run/cni/dhcp.sock.leases");
        File.WriteAllText(Path.Combine(dhcp.Results, "broken"), "{");
        File.WriteAllText(Path.Combine(dhcp.Results, "foreign"), """{"kind":"other"}""");
        dhcp.Node.Tool($"mkfifo {dhcp.Results}/pipe");
        var count = server.Messages.Count;
        using var daemon = dhcp.StartDaemon();
        dhcp.Node.Call("STATUS", null, DhcpNode.Macvlan()).Succeeded();
        Eventually.True(() => daemon.Output.Contains("serving on", StringComparison.Ordinal), () => daemon.Output);
        Assert.Contains($"{dhcp.Results}/broken is left alone", daemon.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("taken over", daemon.Output, StringComparison.Ordinal);
        Assert.Equal(count, server.Messages.Count);
    }
}
