using System.Text.Json.Nodes;
using Plugboard.Dhcp.Wire;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Dhcp;

/// <summary>A relay on the way, an answer that is late, and what is asked of a server.</summary>
public sealed class ServerTests
{
    // The acknowledgement comes from the relay's hardware address; the server is beyond it.
    [KernelFact]
    public void Behind_a_relay_a_lease_is_renewed_and_given_back_by_the_router()
    {
        using var dhcp = new DhcpNode();
        using var far = new TestNamespace();
        dhcp.Server.Tool("ip link add r0 type veth peer name f0");
        dhcp.Server.Tool($"ip link set f0 netns {far.Path}");
        dhcp.Server.Tool("ip link set r0 up");
        dhcp.Server.Tool("ip addr add 10.7.0.2/24 dev r0");
        dhcp.Server.Tool("sysctl -qw net.ipv4.ip_forward=1");
        far.Tool("ip link set f0 up");
        far.Tool("ip addr add 10.7.0.1/24 dev f0");
        far.Tool("ip route add 192.168.50.0/24 via 10.7.0.2");
        using var server = dhcp.StartServer(far, "f0");
        using var relay = dhcp.Start(
            dhcp.Server,
            "/usr/sbin/dnsmasq",
            [
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--port=0",
                "--dhcp-relay=192.168.50.1,10.7.0.1",
                "--pid-file=",
                "--user=root",
            ]
        );
        var first = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        var config = DhcpNode.Macvlan();
        dhcp.Node.Call("ADD", pod, config).Succeeded();
        Assert.StartsWith("192.168.50.", pod.Address, StringComparison.Ordinal);
        first.Kill();
        // T1 is after a minute, dnsmasq's shortest.
        dhcp.AgeLeases(TimeSpan.FromSeconds(65));
        using var daemon = dhcp.StartDaemon();
        Eventually.True(() => dhcp.ServerLog.Split("DHCPACK(").Length > 2, () => $"{dhcp.ServerLog}{daemon.Output}{relay.Output}");
        dhcp.Node.Call("DEL", pod, config).Succeeded();
        Eventually.Equal(0, () => dhcp.ServerLeases.Length);
    }

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_server_is_asked_for_a_broadcast_by_the_flag_and_for_the_options_of_the_config(bool isFlag)
    {
        using var dhcp = new DhcpNode();
        using var server = new ScriptedServer(
            dhcp.Server,
            static message =>
                message.Word == "DISCOVER"
                    ? ScriptedServer.Answer(message, DhcpType.Offer, "192.168.50.77", 60)
                    : ScriptedServer.Answer(message, DhcpType.Ack, "192.168.50.77", 60)
        );
        using var daemon = dhcp.StartDaemon(flags: isFlag ? ["-broadcast"] : []);
        var config = DhcpNode.Macvlan();
        config["ipam"]!["request"] = JsonNode.Parse("""[{"skipDefault":true},{"option":"routers"},{"option":42}]""");
        dhcp.Node.Call("ADD", dhcp.Node.AddPod(), config).Succeeded();
        Assert.Equal("DISCOVER SELECT", server.Words);
        Assert.All(server.Messages, message => Assert.Equal(isFlag, message.Message.Broadcast));
        Assert.All(server.Messages, static message => Assert.Equal([3, 42], message.Message.Find(DhcpOption.ParameterRequestList)));
    }

    [KernelFact]
    public void An_offer_that_comes_late_still_counts()
    {
        using var dhcp = new DhcpNode();
        DhcpMessage? late = null;
        using var server = new ScriptedServer(
            dhcp.Server,
            message =>
            {
                // The first DISCOVER is answered after the second.
                var offer = ScriptedServer.Answer(message, DhcpType.Offer, "192.168.50.77", 60);
                if (message.Word == "DISCOVER")
                    return late is null ? Keep(out late, offer) : late;
                return ScriptedServer.Answer(message, DhcpType.Ack, "192.168.50.77", 60);
            }
        );
        using var daemon = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        Assert.Equal("DISCOVER DISCOVER SELECT", server.Words);
        Assert.Equal("192.168.50.77", pod.Address);
    }

    private static DhcpMessage? Keep(out DhcpMessage? kept, DhcpMessage offer)
    {
        kept = offer;
        return null;
    }
}
