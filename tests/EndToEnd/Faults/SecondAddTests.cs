using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using Plugboard.Tests.EndToEnd.Ports;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>
/// ADD for a container and interface that has been attached before: refused while that attachment lives, which then keeps all it has; else
/// like a first one.
/// </summary>
public sealed class SecondAddTests : IDisposable
{
    private const string DualStack = """{"ipMasq":true,"ipam":{"ranges":[[{"subnet":"10.1.0.0/24"}],[{"subnet":"fd00:1::/64"}]]}}""";

    private readonly CniNode node = new();

    public void Dispose() => node.Dispose();

    private JsonObject Config(string patch = "{}") => node.BridgeConfig(DualStack).With(patch);

    private CniPod Attach(JsonObject config, string id = "c1", string ifName = "eth0")
    {
        var pod = node.AddPod(id, ifName);
        node.Call("ADD", pod, config).Succeeded();
        return pod;
    }

    private IEnumerable<string> Leased(string network = "test") => node.Leases(network).Keys.Order(StringComparer.Ordinal);

    // All that ADD makes for a pod, apart from what the kernel counts.
    private string State() =>
        string.Join(
            '\n',
            [
                node.Tool("ip -brief link show"),
                node.Tool("ip -brief address show"),
                node.Tool("nft -s list ruleset"),
                node.Tool("cat /proc/sys/net/ipv4/ip_forward"),
                .. Leased(),
            ]
        );

    public static TheoryData<string> Refused =>
        [
            "{}",
            """{"bridge":"br1"}""",
            """{"mtu":1400,"hairpinMode":true}""",
            """{"ipam":{"ranges":[[{"subnet":"10.9.0.0/24"}]]}}""",
            """{"ipam":{"dataDir":"/proc/nowhere"}}""",
            """{"ipam":{"resolvConf":"/nonexistent"}}""",
            """{"ipam":{"ranges":[[{"subnet":"10.1.0.0/33"}]]}}""",
            """{"ipam":{"type":"no-such-plugin"}}""",
            """{"vlan":5000}""",
            """{"ipMasqBackend":"x"}""",
            """{"isGateway":"x"}""",
            """{"runtimeConfig":{"ips":["10.1.0.2"]}}""",
            """{"runtimeConfig":{"ips":["10.1.0.77"]}}""",
            """{"args":{"cni":{"ips":["10.1.0.255"]}}}""",
        ];

    [KernelTheory]
    [MemberData(nameof(Refused))]
    public void A_second_ADD_for_a_living_container_is_refused_whatever_it_asks_for_and_changes_nothing(string patch)
    {
        var config = Config();
        var first = Attach(config);
        // The kernel notices within a second that the bridge has a port that is up: its flags and its state change then.
        node.TryTool(["timeout", "10", "sh", "-c", "until ip -brief link show cni0 | grep -q ' UP .*LOWER_UP'; do sleep 0.05; done"]);
        var before = State();
        foreach (var second in new[] { node.AddPod("c1"), first })
        {
            Assert.True(node.CallRaw("ADD", second, "bridge", config.With(patch).ToJsonString(), []).Code > 0);
            Assert.Equal(before, State());
        }

        first.Tool("ping -c 1 -W 2 10.1.0.1");
        node.Call("CHECK", first, config).Succeeded();
        node.Call("DEL", first, config).Succeeded();
        Assert.Empty(node.Leases());
    }

    [KernelFact]
    public void A_second_ADD_says_which_link_is_in_the_way()
    {
        var first = Attach(Config());
        var refused = node.Call("ADD", node.AddPod("c1"), Config());
        Assert.Equal((101, $"container c1 is attached to network test already, by {first.PortName()}"), (refused.Code, refused.Message));
    }

    [KernelTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_container_that_is_started_again_gets_its_own_addresses_however_far_the_kernel_is_with_its_namespace(int others)
    {
        var config = Config();
        var pod = node.AddPod("c1");
        node.Call("ADD", pod, config).Succeeded();
        for (var i = 0; i < others; i++)
            Attach(config, $"other{i}");
        var addresses = pod.Addresses;
        for (var round = 0; round < 3; round++)
        {
            node.EndPod(pod);
            pod = node.AddPod("c1");
            node.Call("ADD", pod, config).Succeeded();
            Assert.Equal(addresses, pod.Addresses);
            pod.Tool("ping -c 1 -W 2 10.1.0.1");
            node.Call("CHECK", pod, config).Succeeded();
        }

        Assert.Equal(2 + (2 * others), node.Leases().Count);
        node.Call("DEL", pod, config).Succeeded();
        Assert.Equal(2 * others, node.Leases().Count);
    }

    [KernelFact]
    public void A_retry_with_the_lease_of_one_family_gets_that_address_again_and_one_of_the_other()
    {
        var config = Config();
        var pod = Attach(config);
        node.EndPod(pod);
        File.Delete(Path.Combine(node.DataDirectory, "test", "10.1.0.2"));
        Attach(config, "other");
        var again = Attach(config);
        Assert.Equal(["10.1.0.4/24", "fd00:1::2/64"], again.Addresses);
    }

    [KernelFact]
    public void Each_network_and_each_interface_of_a_container_is_an_attachment_of_its_own()
    {
        var (one, two) = (
            Config("""{"name":"one"}"""),
            Config("""{"name":"two","bridge":"br2","ipam":{"ranges":[[{"subnet":"10.2.0.0/24"}]]}}""")
        );
        var pod = Attach(one);
        node.Call("ADD", pod, two.With("""{"ipam":{"routes":null}}"""), "CNI_IFNAME=eth1").Succeeded();
        node.Call("ADD", pod, one.With("""{"ipam":{"routes":null}}"""), "CNI_IFNAME=eth2").Succeeded();
        Assert.Equal(101, node.Call("ADD", node.AddPod("c1"), one, "CNI_IFNAME=eth2").Code);
        Assert.Equal(["10.1.0.2", "10.1.0.3", "fd00:1::2", "fd00:1::3"], Leased("one"));
        Assert.Equal(["10.2.0.2"], Leased("two"));
        node.Call("DEL", pod, two, "CNI_IFNAME=eth1").Succeeded();
        Assert.Equal(4, node.Leases("one").Count);
        Assert.Empty(node.Leases("two"));
    }

    [KernelTheory]
    [InlineData("bridge", "bridge")]
    [InlineData("bridge", "ptp")]
    [InlineData("ptp", "bridge")]
    [InlineData("tap", "bridge")]
    [InlineData("tap", "ptp")]
    public void DEL_of_a_network_that_was_refused_the_name_leaves_the_interface_of_the_other(string first, string second)
    {
        // A tap names a bridge of the pod.
        var one = Config($$"""{"name":"one","type":"{{first}}"}""").With(first == "tap" ? """{"bridge":null}""" : "{}");
        var two = Config($$"""{"name":"two","type":"{{second}}","bridge":"br2"}""")
            .With("""{"ipam":{"ranges":[[{"subnet":"10.2.0.0/24"}]]}}""");
        var pod = Attach(one);
        Assert.Equal(101, node.Call("ADD", pod, two).Code);
        node.Call("DEL", pod, two).Succeeded();
        node.Call("CHECK", pod, one).Succeeded();
        Assert.Equal(["10.1.0.2", "fd00:1::2"], Leased("one"));
        Assert.Empty(Leased("two"));
        node.Call("DEL", pod, one).Succeeded();
        Assert.DoesNotContain("eth0", pod.Tool("ip -brief link"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void What_the_reference_attached_is_refused_while_it_lives_and_given_again_when_it_is_gone()
    {
        var config = Config("""{"ipMasq":null}""");
        node.Plugins = PluginDirectory.Reference;
        var first = Attach(config);
        Attach(config, "other");
        node.Plugins = PluginDirectory.Ours;
        var before = Leased().ToList();
        Assert.Equal(101, node.Call("ADD", node.AddPod("c1"), config).Code);
        Assert.Equal(101, node.Call("ADD", node.AddPod("c1"), config.With("""{"runtimeConfig":{"ips":["10.1.0.2"]}}""")).Code);
        Assert.Equal(before, Leased());
        first.Tool("ping -c 1 -W 2 10.1.0.1");

        node.EndPod(first);
        var again = Attach(config);
        Assert.Equal(["10.1.0.2/24", "fd00:1::2/64"], again.Addresses);
        Assert.Equal(before, Leased());
    }

    [KernelFact]
    public void A_delegate_of_another_build_that_refuses_a_living_container_gets_no_DEL()
    {
        var config = Config("""{"ipMasq":null}""");
        var first = Attach(config);
        // As an implementation leaves it that marks no links.
        node.Tool($"ip link set {first.PortName()} alias x down name vethaaaaaaaa");
        node.Tool("ip link set vethaaaaaaaa up");
        var before = Leased().ToList();
        node.Plugins = PluginDirectory.With(
            Path.Combine(node.Directory, "plugins"),
            "host-local",
            PluginDirectory.HostLocalOfAnotherBuild()
        );
        Assert.Equal(101, node.Call("ADD", node.AddPod("c1"), config).Code);
        Assert.Equal(before, Leased());

        // Nothing is alive any more: what is left of it is released, and the next call succeeds.
        node.EndPod(first);
        node.TryTool(["ip", "link", "delete", "vethaaaaaaaa"]);
        Assert.Equal(101, node.Call("ADD", node.AddPod("c1"), config).Code);
        Assert.Empty(node.Leases());
        Attach(config);
    }

    [KernelFact]
    public void Ports_of_a_living_container_stay_when_another_ADD_for_it_is_refused_one()
    {
        using var ports = new PortNode();
        var pod = ports.AddPod("8080:80");
        var taken = ports.AddPod("9090:80");
        var before = ports.Ruleset();
        foreach (var wanted in new[] { new[] { "9090:80" }, ["8081:80", "9090:80"], ["0:80"] })
        {
            var config = ports.Chain.Config(ports.Portmap, PortNode.Ports(wanted));
            config["prevResult"] = pod.Result!.DeepClone();
            Assert.True(ports.Node.CallRaw("ADD", pod, "portmap", config.ToJsonString(), []).Code is 102 or 7);
            Assert.Equal(Elements(before), Elements(ports.Ruleset()));
            Assert.Equal(2, ports.Records().Count);
        }

        ports.Chain.Check(pod, PortNode.Ports("8080:80")).Succeeded();
        ports.Chain.Check(taken, PortNode.Ports("9090:80")).Succeeded();
    }

    private static IEnumerable<string> Elements(string ruleset) =>
        ruleset.Split('\n').Where(static line => line.Contains("80", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    [KernelTheory]
    [InlineData("portmap", """{"runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}}""")]
    [InlineData("portmap", """{"runtimeConfig":{"portMappings":[{"hostPort":8181,"containerPort":80,"protocol":"tcp"}]}}""")]
    [InlineData("portmap", "{}")]
    [InlineData("loopback", "{}")]
    public void An_ADD_whose_result_cannot_be_delivered_removes_nothing_that_was_there(string plugin, string patch)
    {
        using var ports = new PortNode();
        var pod = ports.AddPod("8080:80");
        pod.Tool("ip link set lo up");
        var config = new JsonObject
        {
            ["cniVersion"] = "1.0.0",
            ["name"] = "test",
            ["type"] = plugin,
            ["prevResult"] = pod.Result!.DeepClone(),
        }.With(patch);
        // Standard output is full.
        var output = ports.Node.CallRaw("ADD", pod, plugin, config.ToJsonString(), ["sh", "-c", "exec \"$0\" > /dev/full"]);
        Assert.Equal(1, output.ExitCode);
        ports.Chain.Check(pod, PortNode.Ports("8080:80")).Succeeded();
        Assert.DoesNotContain("8181", ports.Ruleset(), StringComparison.Ordinal);
        Assert.Contains("UP", pod.Tool("ip link show lo"), StringComparison.Ordinal);
    }
}
