using System.Text.Json.Nodes;
using Plugboard.Dhcp.Wire;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Dhcp;

/// <summary>
/// What the tests of DHCPv6 share: a network of fd00:50::/64, pods whose addresses are usable at once, and leases of seconds.
/// </summary>
internal static class Dhcp6Network
{
    public const string Both = """{"families":["ipv4","ipv6"]}""";
    public const string Alone = """{"families":["ipv6"]}""";

    /// <summary>T1 of 2 s, T2 of 4 s, an end after 8 s.</summary>
    public static readonly (uint, uint, uint, uint) Short = (2, 4, 6, 8);

    public const string Address = "fd00:50::77";

    /// <summary>Gives the server's end its address, and no second of duplicate detection.</summary>
    public static DhcpNode Open()
    {
        var dhcp = new DhcpNode();
        dhcp.Server.Tool("sysctl -qw net.ipv6.conf.s0.accept_dad=0");
        dhcp.Server.Tool("ip link set s0 down");
        dhcp.Server.Tool("ip link set s0 up");
        dhcp.Server.Tool("ip addr add fd00:50::1/64 dev s0 nodad");
        Eventually.True(
            () => dhcp.Server.Tool("ip -6 addr show dev s0 scope link -tentative").Contains("fe80:", StringComparison.Ordinal),
            () => dhcp.Server.Tool("ip -6 addr")
        );
        return dhcp;
    }

    /// <summary>A pod, without a second's detection unless it is what a test is about.</summary>
    public static CniPod AddPod(DhcpNode dhcp, bool detects = false)
    {
        var pod = dhcp.Node.AddPod();
        if (!detects)
            pod.Tool("sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0");
        return pod;
    }

    /// <summary>The usual server: one address, and no word after RELEASE or DECLINE but REPLY.</summary>
    public static IEnumerable<Dhcp6Message> Serve(Dhcp6Message message, string address = Address) =>
        message.Type switch
        {
            Dhcp6Type.Solicit => [ScriptedServer6.Answer(message, Dhcp6Type.Advertise, address, Short, (Dhcp6Option.Preference, [255]))],
            Dhcp6Type.Request or Dhcp6Type.Renew or Dhcp6Type.Rebind => [ScriptedServer6.Answer(message, Dhcp6Type.Reply, address, Short)],
            _ => [ScriptedServer6.Bare(message, Dhcp6Type.Reply)],
        };

    /// <summary>The addresses of the result.</summary>
    public static string AddressesOf(CniPod pod) =>
        string.Join(' ', pod.Result!["ips"]!.AsArray().Select(static each => (string?)each!["address"]));

    /// <summary>The pod's own IPv6 addresses beside the link-local one.</summary>
    public static string On(CniPod pod) => pod.Tool("ip -o -6 addr show dev eth0 scope global");

    /// <summary>The leases of IPv6 in the file of dnsmasq.</summary>
    public static int Leases6(DhcpNode dhcp) => dhcp.ServerLeases.Count(static each => each.Contains(" fd00:", StringComparison.Ordinal));

    public static JsonObject Macvlan(string ipam = Alone) => DhcpNode.Macvlan(ipam);
}
