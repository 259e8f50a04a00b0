using System.Text.Json.Nodes;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>A pod with two uplinks, for sbr, and what it has of rules and routes.</summary>
internal static class Uplinks
{
    /// <summary>A pod with eth0, which has the default route, and net1 with the addresses: its other end is the node.</summary>
    public static CniPod Of(CniNode node, string ips)
    {
        var pod = node.AddPod(ifName: "net1");
        foreach (var (name, beyond) in ((string, string)[])[("eth0", "wire0"), ("net1", "wire1")])
        {
            node.Ip(
                $"""
                link add {beyond} type veth peer name {name} netns {pod.Path}
                link set {beyond} up
                """
            );
            pod.Ip($"link set {name} up");
        }

        node.Ip("address add 192.168.1.1/24 dev wire1");
        pod.Ip(
            """
            address add 10.0.0.2/24 dev eth0
            route add default via 10.0.0.1
            """
        );
        AddAddresses(pod, ips);
        return pod;
    }

    private static void AddAddresses(CniPod pod, string ips)
    {
        var addresses = JsonNode
            .Parse(ips)!
            .AsArray()
            .Select(static ip => (string)ip!["address"]!)
            .Select(static address => $"address add {address} dev net1{(address.Contains(':') ? " nodad" : "")}");
        pod.Ip($"{string.Join('\n', addresses)}\nroute add 192.168.2.0/24 via 192.168.1.2");
        // The kernel makes an IPv6 address's routes once the link has its carrier.
        var wanted = ips.Contains("fd00:1::5", StringComparison.Ordinal) ? 2 : 0;
        Eventually.Equal(
            wanted,
            () => pod.Tool("ip -6 route show table all").Split('\n').Count(static route => route.Contains("fd00:1::"))
        );
    }

    /// <summary>The plugin before sbr leaves the interface as it did at first.</summary>
    public static void Renew(CniPod pod, string ips)
    {
        pod.Ip(
            """
            address flush dev net1 scope global
            link set net1 down
            link set net1 up
            """
        );
        AddAddresses(pod, ips);
    }

    /// <summary>A config with the result of the plugin before.</summary>
    public static JsonObject Config(string keys, string ips, string routes = "[]")
    {
        var config = JsonNode.Parse("""{"cniVersion":"1.0.0","name":"test","type":"sbr"}""")!.AsObject();
        foreach (var (key, value) in JsonNode.Parse(keys)!.AsObject())
            config[key] = value!.DeepClone();
        config["prevResult"] = new JsonObject
        {
            ["cniVersion"] = config["cniVersion"]!.DeepClone(),
            ["interfaces"] = JsonNode.Parse("""[{"name":"net1","sandbox":"/pod"}]"""),
            ["ips"] = Placed(ips, (string)config["cniVersion"]!),
            ["routes"] = JsonNode.Parse(routes),
        };
        return config;
    }

    private static JsonArray Placed(string ips, string version)
    {
        var placed = JsonNode.Parse(ips)!.AsArray();
        foreach (var ip in placed)
        {
            ip!["interface"] = 0;
            if (version is "0.3.1" or "0.4.0")
                ip["version"] = ((string)ip["address"]!).Contains(':') ? "6" : "4";
        }

        return placed;
    }

    /// <summary>Routes in an order of their own, without their author.</summary>
    public static string Ordered(string routes) =>
        string.Join(
            '\n',
            routes
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static route =>
                    route.Replace("proto kernel ", "", StringComparison.Ordinal).Replace("proto 110 ", "", StringComparison.Ordinal).Trim()
                )
                .Order(StringComparer.Ordinal)
        );

    /// <summary>The rules of both families, without their author.</summary>
    public static string Rules(CniPod pod) =>
        (pod.Tool("ip -4 rule") + pod.Tool("ip -6 rule")).Replace(" proto 110", "", StringComparison.Ordinal);

    /// <summary>All routes but link-local ones, which come and go in the kernel's own time.</summary>
    public static string Routes(CniPod pod) =>
        string.Join(
            '\n',
            Ordered(pod.Tool("ip route show table all") + pod.Tool("ip -6 route show table all"))
                .Split('\n')
                .Where(static route =>
                    !route.StartsWith("local ", StringComparison.Ordinal) && !route.Contains("fe80:") && !route.Contains("ff00:")
                )
        );

    /// <summary>All rules and routes but link-local ones.</summary>
    public static string State(CniPod pod) => Rules(pod) + Routes(pod);
}
