using Plugboard.Dhcp.Wire;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Dhcp;

/// <summary>The life of a lease, with leases of seconds: renewed, rebound, refused, declined, and carried over a killed daemon.</summary>
public sealed class LeaseLifeTests
{
    private const uint Lease = 6;

    private static DhcpMessage? Serve(Received message, string address = "192.168.50.77") =>
        message.Word switch
        {
            "DISCOVER" => ScriptedServer.Answer(message, DhcpType.Offer, address, Lease),
            "SELECT" or "RENEW" or "REBIND" => ScriptedServer.Answer(message, DhcpType.Ack, address, Lease),
            _ => null,
        };

    [KernelFact]
    public void A_lease_is_renewed_from_its_address_to_its_server()
    {
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(dhcp.Server, static message => Serve(message));
        using var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        Eventually.True(() => server.Words.StartsWith("DISCOVER SELECT RENEW RENEW", StringComparison.Ordinal), () => server.Words);
        var renewal = server.Messages[2];
        Assert.Equal("192.168.50.77", renewal.Source.ToString());
        Assert.Equal("192.168.50.1", renewal.Destination.ToString());
        Assert.Equal("192.168.50.77", renewal.Message.ClientAddress.ToString());
        dhcp.Node.Call("CHECK", pod, DhcpNode.Macvlan()).Succeeded();
        dhcp.Node.Call("DEL", pod, DhcpNode.Macvlan()).Succeeded();
        Eventually.True(() => server.Words.EndsWith("RELEASE", StringComparison.Ordinal), () => server.Words);
        Assert.Equal("192.168.50.77", server.Messages[^1].Source.ToString());
    }

    [KernelFact]
    public void A_lease_that_its_server_does_not_extend_is_asked_of_all_servers()
    {
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(dhcp.Server, static message => message.Word == "RENEW" ? null : Serve(message));
        using var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        Eventually.True(() => server.Words.Contains("RENEW REBIND", StringComparison.Ordinal), () => server.Words);
        dhcp.Node.Call("CHECK", pod, DhcpNode.Macvlan()).Succeeded();
    }

    [KernelFact]
    public void A_killed_daemon_is_followed_by_one_that_renews_and_the_pod_notices_nothing()
    {
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(dhcp.Server, static message => Serve(message));
        var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        var before = pod.Tool("ip -o -4 addr show dev eth0");
        daemon.Kill();
        var words = server.Messages.Count;
        // The killed one has left its socket.
        using var next = dhcp.StartDaemon();
        Eventually.True(() => server.Messages.Count >= words + 2, () => $"{server.Words} {next.Output}");
        Assert.All(server.Messages.Skip(words), static message => Assert.Equal("RENEW", message.Word));
        Assert.Equal(before, pod.Tool("ip -o -4 addr show dev eth0"));
        dhcp.Node.Call("CHECK", pod, DhcpNode.Macvlan()).Succeeded();
        dhcp.Node.Call("DEL", pod, DhcpNode.Macvlan()).Succeeded();
        Eventually.True(() => server.Words.EndsWith("RELEASE", StringComparison.Ordinal), () => server.Words);
        Assert.Empty(dhcp.LeaseFiles);
    }

    [KernelFact]
    public void An_address_that_the_server_takes_back_is_replaced_on_the_interface()
    {
        var address = "192.168.50.77";
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(
            dhcp.Server,
            message =>
                message.Word == "RENEW"
                && address.EndsWith("78", StringComparison.Ordinal)
                && message.Message.ClientAddress.ToString() != address
                    ? ScriptedServer.Answer(message, DhcpType.Nak, address)
                    : Serve(message, address)
        );
        using var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        address = "192.168.50.78";
        Eventually.True(
            () => pod.Tool("ip -o -4 addr show dev eth0").Contains(" 192.168.50.78/24 ", StringComparison.Ordinal),
            () => $"{pod.Tool("ip -o -4 addr show dev eth0")}{server.Words}{daemon.Output}"
        );
        Assert.DoesNotContain("192.168.50.77", pod.Tool("ip -o -4 addr show dev eth0"), StringComparison.Ordinal);
        Assert.Contains("default via 192.168.50.1", pod.Tool("ip route"), StringComparison.Ordinal);
        var check = dhcp.Node.Call("CHECK", pod, DhcpNode.Macvlan());
        Assert.Equal(100, check.Code);
        Assert.Contains("192.168.50.78", check.Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void An_address_that_another_interface_has_is_declined()
    {
        var declined = false;
        using var dhcp = new DhcpNode();
        dhcp.Server.Tool("ip addr add 192.168.50.77/24 dev s0");
        using var server = new ScriptedServer(
            dhcp.Server,
            message =>
            {
                declined |= message.Word == "DECLINE";
                return Serve(message, declined ? "192.168.50.78" : "192.168.50.77");
            }
        );
        using var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        Assert.Equal("192.168.50.78", pod.Address);
        Assert.Equal("DISCOVER SELECT DECLINE DISCOVER SELECT", server.Words);
        Assert.Equal("192.168.50.77", server.Messages[2].Message.FindAddress(DhcpOption.RequestedAddress).ToString());
    }

    [KernelFact]
    public void An_answer_to_another_client_or_by_another_server_is_not_taken()
    {
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(
            dhcp.Server,
            static message =>
                message.Word switch
                {
                    "DISCOVER" => ScriptedServer.Answer(message, DhcpType.Offer, "192.168.50.77", Lease),
                    "SELECT" => ScriptedServer.Answer(message, DhcpType.Ack, "192.168.50.66", Lease) with { Xid = message.Message.Xid + 1 },
                    _ => null,
                }
        );
        using var daemon = dhcp.StartDaemon(flags: ["-timeout", "1s", "-resendmax", "1s", "-resendtimeout", "3s"]);
        var output = dhcp.Node.Call("ADD", dhcp.Node.AddPod(), DhcpNode.Macvlan());
        Assert.Equal(11, output.Code);
        Assert.Equal("error calling DHCP.Allocate: no more tries", output.Message);
        Assert.Contains("offers received", output.Details, StringComparison.Ordinal);
        Assert.Contains("DHCPOFFER from 192.168.50.1", output.Details, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_refusal_is_in_the_message_of_ADD()
    {
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(
            dhcp.Server,
            static message =>
                message.Word == "SELECT"
                    ? ScriptedServer.Answer(message, DhcpType.Nak, "0.0.0.0", 0, (DhcpOption.Message, "not today"u8.ToArray()))
                    : Serve(message)
        );
        using var daemon = dhcp.StartDaemon(flags: ["-resendtimeout", "2s"]);
        var output = dhcp.Node.Call("ADD", dhcp.Node.AddPod(), DhcpNode.Macvlan());
        Assert.Equal(11, output.Code);
        Assert.Contains("DHCPNAK from 192.168.50.1 (not today)", output.Details, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_hardware_address_that_a_later_plugin_sets_ends_no_lease()
    {
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(dhcp.Server, static message => Serve(message));
        var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        var client = server.Messages[0].Message.Hardware;
        pod.Tool("ip link set eth0 address 02:11:22:33:44:55");
        Eventually.True(() => server.Words.EndsWith("RENEW RENEW", StringComparison.Ordinal), () => $"{server.Words}{daemon.Output}");
        daemon.Kill();
        using var next = dhcp.StartDaemon();
        Eventually.True(() => server.Words.EndsWith("RENEW RENEW RENEW", StringComparison.Ordinal), () => $"{server.Words}{next.Output}");
        // To the server it is the same client.
        Assert.All(server.Messages, message => Assert.Equal(client, message.Message.Hardware));
        var alone = DhcpNode.Macvlan();
        alone["type"] = "dhcp";
        dhcp.Node.Call("CHECK", pod, alone).Succeeded();
    }

    [KernelFact]
    public void A_plugin_that_is_killed_leaves_no_client_behind()
    {
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(dhcp.Server, static _ => null);
        using var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        var config = Path.Combine(dhcp.Node.Directory, "conf");
        File.WriteAllText(config, DhcpNode.Macvlan().ToJsonString());
        dhcp.Node.Tool("ip link add link m0 name x0 type macvlan mode bridge");
        dhcp.Node.Tool($"ip link set x0 netns {pod.Path} name eth0");
        var plugin = Path.Combine(dhcp.Node.Plugins, "dhcp");
        string[] command = ["-i", .. dhcp.Node.EnvironmentOf("ADD", pod), "/bin/sh", "-c", $"exec {plugin} < {config}"];
        using var add = dhcp.Start(dhcp.Node, "env", command);
        Eventually.True(() => server.Words.Length > 0, () => daemon.Output);
        add.Kill();
        Eventually.Equal(1, () => Directory.GetFiles($"/proc/{daemon.Id}/fd").Count(IsSocket));
        Assert.Empty(dhcp.LeaseFiles);
    }

    // Of an idle daemon one socket is open: that on which it listens.
    private static bool IsSocket(string fd) => new FileInfo(fd).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true;

    [KernelFact]
    public void A_silent_network_ends_ADD_in_time_with_what_was_sent()
    {
        using var dhcp = new DhcpNode();
        using var daemon = dhcp.StartDaemon(flags: ["-resendtimeout", "2s"]);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var output = dhcp.Node.Call("ADD", dhcp.Node.AddPod(), DhcpNode.Macvlan());
        Assert.InRange(watch.Elapsed.TotalSeconds, 1.9, 15);
        Assert.Equal(11, output.Code);
        Assert.Contains("DHCPDISCOVER sent 2 times", output.Details, StringComparison.Ordinal);
        Assert.Contains("no server has answered", output.Details, StringComparison.Ordinal);
        Assert.Empty(dhcp.LeaseFiles);
        Eventually.True(() => daemon.Output.Contains("no more tries", StringComparison.Ordinal), () => daemon.Output);
    }
}
