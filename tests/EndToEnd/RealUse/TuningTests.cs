using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// tuning beside the reference's: settings of the namespace, attributes of the interface, and the backup that DEL restores.
/// </summary>
public sealed class TuningTests
{
    private const string All = """
        {"sysctl":{"net.ipv4.conf.IFNAME.arp_filter":"1"},
         "mac":"02:11:22:33:44:55","promisc":true,"mtu":1400,"allmulti":true,"txQLen":77}
        """;

    // What the reference of Debian 12 knows: neither IFNAME nor txQLen.
    private const string Older =
        """{"sysctl":{"net.ipv4.conf.eth0.arp_filter":"1"},"mac":"02:11:22:33:44:55","promisc":true,"mtu":1400,"allmulti":true}""";

    [KernelTheory]
    [InlineData(Older)]
    [InlineData("""{"sysctl":{"net.ipv4.conf.all.arp_filter":"1","net.core.somaxconn":"512"}}""")]
    [InlineData("""{"args":{"cni":{"mtu":1300}},"mtu":1200}""")]
    [InlineData("""{"runtimeConfig":{"mac":"02:11:22:33:44:55"}}""")]
    public void An_interface_is_changed_and_restored_as_by_the_reference(string keys) =>
        Transcript.AssertSame(
            PluginDirectory.Reference,
            PluginDirectory.Ours,
            exactErrors: false,
            transcript =>
            {
                var node = transcript.Node;
                var pod = Attached(node);
                var config = Config(node, keys);
                Note(transcript, pod);
                transcript.Call("ADD", pod, After(pod, config)).Succeeded();
                Note(transcript, pod);
                transcript.Call("CHECK", pod, config).Succeeded();
                transcript.Call("DEL", pod, config).Succeeded();
                Note(transcript, pod);
                transcript.Call("DEL", pod, config).Succeeded();
            }
        );

    private static void Note(Transcript transcript, CniPod pod)
    {
        var link = JsonNode.Parse(pod.Tool("ip -j -d link show dev eth0"))![0]!;
        transcript.Note(
            pod.ContainerId,
            $"{link["address"]} {link["mtu"]} {link["promiscuity"]} {link["flags"]!.ToJsonString()} {link["txqlen"]}"
        );
        foreach (var setting in (string[])["net/ipv4/conf/eth0/arp_filter", "net/ipv4/conf/all/arp_filter", "net/core/somaxconn"])
            transcript.Note(pod.ContainerId, pod.ReadSysctl(setting));
        var backups = transcript.Node.TryTool(["sh", "-c", $"cat {transcript.Node.Directory}/tuning/*"]).Output;
        transcript.Note("backup", backups);
    }

    [KernelTheory]
    [InlineData("net.ipv4.conf.eth0/100.rp_filter")]
    [InlineData("net/ipv4/conf/eth0.100/rp_filter")]
    [InlineData("net.ipv4.conf.IFNAME.rp_filter")]
    public void A_setting_of_an_interface_with_a_dot_in_its_name_is_written_as_for_sysctl(string key)
    {
        using var node = new CniNode();
        var pod = Attached(node);
        pod.Tool("ip link set eth0 name eth0.100");
        var config = Config(node, $$$"""{"sysctl":{"{{{key}}}":"2"}}""");
        node.Call("ADD", pod, After(pod, config), "CNI_IFNAME=eth0.100").Succeeded();
        Assert.Equal("2", pod.ReadSysctl("net/ipv4/conf/eth0.100/rp_filter"));
        node.Call("CHECK", pod, config, "CNI_IFNAME=eth0.100").Succeeded();
    }

    [KernelFact]
    public void An_empty_value_empties_a_list_and_a_number_is_refused()
    {
        using var node = new CniNode();
        var pod = Attached(node);
        pod.WriteSysctl("net/ipv4/ip_local_reserved_ports", "8080");
        node.Call("ADD", pod, After(pod, Config(node, """{"sysctl":{"net.ipv4.ip_local_reserved_ports":""}}"""))).Succeeded();
        Assert.Equal("", pod.ReadSysctl("net/ipv4/ip_local_reserved_ports"));
        var number = node.Call("ADD", pod, After(pod, Config(node, """{"sysctl":{"net.ipv4.conf.eth0.rp_filter":""}}""")));
        Assert.Equal(5, number.Code);
    }

    // The first cannot be read before it has a value, the other one never.
    [KernelTheory]
    [InlineData("net.ipv6.conf.IFNAME.stable_secret", "2001:db8::1")]
    [InlineData("net.ipv4.route.flush", "1")]
    public void A_setting_that_cannot_be_read_is_written(string key, string value)
    {
        using var node = new CniNode();
        var pod = Attached(node);
        var config = Config(node, $$$"""{"sysctl":{"{{{key}}}":"{{{value}}}"}}""");
        node.Call("ADD", pod, After(pod, config)).Succeeded();
        node.Call("CHECK", pod, config).Succeeded();
        var failing = Config(node, $$$"""{"sysctl":{"{{{key}}}":"{{{value}}}","net.ipv4.conf.all.nope":"1"}}""");
        Assert.Equal(5, node.Call("ADD", pod, After(pod, failing)).Code);
    }

    [KernelTheory]
    [InlineData("net.ipv4.conf.IFNAME.rp_filter", "0x2", "2")]
    [InlineData("net.ipv4.conf.IFNAME.rp_filter", "02", "2")]
    [InlineData("net.ipv4.fib_multipath_hash_fields", "0x37", "55")]
    [InlineData("net.ipv4.ip_local_reserved_ports", "8080,9000-9002,9001", "8080,9000-9002")]
    public void CHECK_knows_the_form_that_the_kernel_gives_a_value(string key, string value, string form)
    {
        using var node = new CniNode();
        var pod = Attached(node);
        var config = Config(node, $$$"""{"sysctl":{"{{{key}}}":"{{{value}}}"}}""");
        node.Call("ADD", pod, After(pod, config)).Succeeded();
        var name = key.Replace("IFNAME", "eth0", StringComparison.Ordinal).Replace('.', '/');
        Assert.Equal(form, pod.ReadSysctl(name));
        node.Call("CHECK", pod, config).Succeeded();
        pod.WriteSysctl(name, "1");
        Assert.Equal(100, node.Call("CHECK", pod, config).Code);
    }

    // 33 and 30,001 are no multiples of a tick of 4 ms or 10 ms.
    [KernelTheory]
    [InlineData("net.ipv4.neigh.IFNAME.locktime", "33")]
    [InlineData("net.ipv6.neigh.IFNAME.base_reachable_time_ms", "30001")]
    [InlineData("net.ipv6.neigh.IFNAME.retrans_time_ms", "1001")]
    public void CHECK_knows_that_the_kernel_rounds_times(string key, string value)
    {
        using var node = new CniNode();
        var pod = Attached(node);
        var config = Config(node, $$$"""{"sysctl":{"{{{key}}}":"{{{value}}}"}}""");
        node.Call("ADD", pod, After(pod, config)).Succeeded();
        node.Call("CHECK", pod, config).Succeeded();
    }

    [KernelFact]
    public void Each_restores_what_the_other_changed()
    {
        foreach (
            var (first, second) in ((string, string)[])
                [(PluginDirectory.Ours, PluginDirectory.Reference), (PluginDirectory.Reference, PluginDirectory.Ours)]
        )
        {
            using var node = new CniNode();
            var pod = Attached(node);
            var before = Link(pod);
            var config = Config(node, Older);
            node.Plugins = first;
            node.Call("ADD", pod, After(pod, config)).Succeeded();
            Assert.NotEqual(before, Link(pod));
            node.Plugins = second;
            node.Call("DEL", pod, config).Succeeded();
            Assert.Equal(before, Link(pod));
        }
    }

    // The reference's second ADD keeps what the first one has set.
    [KernelFact]
    public void A_repeated_ADD_keeps_the_first_backup()
    {
        using var node = new CniNode();
        var pod = Attached(node);
        var before = Link(pod);
        var result = pod.Result;
        var config = Config(node, All);
        node.Call("ADD", pod, After(pod, config)).Succeeded();
        pod.Result = result;
        node.Call("ADD", pod, After(pod, config)).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
        Assert.Equal(before, Link(pod));
    }

    [KernelTheory]
    [InlineData("""{"mtu":1400,"sysctl":{"net.ipv4.conf.IFNAME.nope":"1"}}""", 5)]
    [InlineData("""{"mac":"02:11:22:33:44:55","promisc":true,"mtu":1400,"txQLen":-1}""", 7)]
    [InlineData("""{"sysctl":{"net.core.somaxconn":"512","net.ipv4.conf.all.arp_filter":"words"}}""", 5)]
    [InlineData("""{"sysctl":{"net.core.somaxconn":"512","kernel.domainname":"x"}}""", 7)]
    [InlineData("""{"sysctl":{"net.core.somaxconn":"512","net/core/somaxconn":"513"}}""", 7)]
    [InlineData("""{"sysctl":{"net.core.somaxconn":"512","net.ipv4/../../kernel/domainname":"x"}}""", 7)]
    [InlineData("""{"sysctl":{"net.core.somaxconn":512}}""", 6)]
    public void An_ADD_that_fails_leaves_everything_as_it_was(string keys, int code)
    {
        using var node = new CniNode();
        var pod = Attached(node);
        var before = Attributes(pod);
        Assert.Equal(code, node.Call("ADD", pod, After(pod, Config(node, keys))).Code);
        Assert.Equal(before, Attributes(pod));
        Assert.Empty(node.TryTool(["ls", $"{node.Directory}/tuning"]).Output);
    }

    [KernelFact]
    public void A_setting_longer_than_most_is_set_checked_and_restored_whole()
    {
        using var node = new CniNode();
        var pod = Attached(node);
        string Ports(int first) => string.Join(',', Enumerable.Range(first, 100).Select(static port => (2 * port).ToString()));
        var config = Config(node, $$$"""{"sysctl":{"net.ipv4.ip_local_reserved_ports":"{{{Ports(5000)}}}"}}""");
        node.Call("ADD", pod, After(pod, config)).Succeeded();
        Assert.Equal(Ports(5000), pod.ReadSysctl("net/ipv4/ip_local_reserved_ports"));
        node.Call("CHECK", pod, config).Succeeded();

        var failing = Config(
            node,
            $$$"""{"sysctl":{"net.ipv4.ip_local_reserved_ports":"{{{Ports(6000)}}}","net.ipv4.conf.all.nope":"1"}}"""
        );
        Assert.Equal(5, node.Call("ADD", pod, After(pod, failing)).Code);
        Assert.Equal(Ports(5000), pod.ReadSysctl("net/ipv4/ip_local_reserved_ports"));
    }

    [KernelFact]
    public void Names_too_long_for_a_backup_are_refused_before_anything_is_changed()
    {
        using var node = new CniNode();
        var pod = Attached(node);
        var before = Attributes(pod);
        var id = "CNI_CONTAINERID=" + new string('c', 250);
        var refused = node.Call("ADD", pod, After(pod, Config(node, All)), id);
        Assert.Equal((4, "CNI_CONTAINERID and CNI_IFNAME are too long"), (refused.Code, refused.Message));
        Assert.Equal(before, Attributes(pod));
        node.Call("ADD", pod, After(pod, Config(node, """{"sysctl":{"net.core.somaxconn":"512"}}""")), id).Succeeded();
    }

    [KernelFact]
    public void Without_an_earlier_plugin_it_is_refused()
    {
        using var node = new CniNode();
        var refused = node.Call("ADD", node.AddPod(), Config(node, All));
        Assert.Equal((7, "Required prevResult missing"), (refused.Code, refused.Message));
    }

    [KernelFact]
    public void A_node_allows_settings_by_a_list()
    {
        using var node = new CniNode();
        node.TryTool([
            "sh",
            "-c",
            "mount -t tmpfs none /etc; mkdir -p /etc/cni/tuning; echo '^net.core.somax.*$' > /etc/cni/tuning/allowlist.conf",
        ]);
        var pod = Attached(node);
        node.Call("ADD", pod, After(pod, Config(node, """{"sysctl":{"net.core.somaxconn":"512"}}"""))).Succeeded();
        var refused = node.Call("ADD", pod, After(pod, Config(node, """{"sysctl":{"net.ipv4.conf.all.arp_filter":"1"}}""")));
        Assert.Equal(
            (7, "Sysctl net.ipv4.conf.all.arp_filter is not allowed. Only the following sysctls are allowed: [^net.core.somax.*$]"),
            (refused.Code, refused.Message)
        );
        node.TryTool(["sh", "-c", "echo '[' > /etc/cni/tuning/allowlist.conf"]);
        refused = node.Call("ADD", pod, After(pod, Config(node, """{"sysctl":{"net.core.somaxconn":"512"}}""")));
        Assert.StartsWith("error parsing regexp: [", refused.Message, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("ip link set eth0 mtu 1500", "mtu of eth0 is 1400, current value is 1500")]
    [InlineData("ip link set eth0 address 02:00:00:00:00:01", "mac of eth0 is 02:11:22:33:44:55, current value is 02:00:00:00:00:01")]
    [InlineData("ip link set eth0 promisc off", "promisc of eth0 is True, current value is False")]
    [InlineData("ip link set eth0 allmulticast off", "allmulti of eth0 is True, current value is False")]
    [InlineData("ip link set eth0 txqueuelen 78", "txQLen of eth0 is 77, current value is 78")]
    public void CHECK_says_what_was_changed(string damage, string difference)
    {
        using var node = new CniNode();
        var pod = Attached(node);
        var config = Config(node, All.Replace("02:11:22:33:44:55", "02:11:22:33:44:55".ToUpperInvariant(), StringComparison.Ordinal));
        node.Call("ADD", pod, After(pod, config)).Succeeded();
        node.Call("CHECK", pod, config).Succeeded();
        pod.Tool(damage);
        var output = node.Call("CHECK", pod, config);
        Assert.Equal((100, "Error: Tuning configured " + difference), (output.Code, output.Message));
    }

    [KernelFact]
    public void DEL_of_a_pod_that_is_gone_removes_the_backup()
    {
        using var node = new CniNode();
        var pod = Attached(node);
        var config = Config(node, All);
        node.Call("ADD", pod, After(pod, config)).Succeeded();
        Assert.NotEmpty(node.TryTool(["ls", $"{node.Directory}/tuning"]).Output);
        node.Call("DEL", pod, config, "CNI_NETNS=/run/netns/gone").Succeeded();
        Assert.Empty(node.TryTool(["ls", $"{node.Directory}/tuning"]).Output);
    }

    private static string Link(CniPod pod) => pod.Tool("ip -o link show dev eth0");

    private static string Attributes(CniPod pod) =>
        string.Concat(
            pod.Tool("ip -o link show dev eth0"),
            pod.ReadSysctl("net/ipv4/conf/eth0/arp_filter"),
            pod.ReadSysctl("net/core/somaxconn")
        );

    private static CniPod Attached(CniNode node)
    {
        var pod = node.AddPod();
        var plugins = node.Plugins;
        node.Plugins = PluginDirectory.Ours;
        node.Call("ADD", pod, node.BridgeConfig()).Succeeded();
        node.Plugins = plugins;
        return pod;
    }

    // As a runtime has it: the result of the plugin before it.
    private static JsonObject After(CniPod pod, JsonObject config)
    {
        var chained = (JsonObject)config.DeepClone();
        chained["prevResult"] = pod.Result!.DeepClone();
        return chained;
    }

    private static JsonObject Config(CniNode node, string keys)
    {
        var config = JsonNode.Parse(keys)!.AsObject();
        config["cniVersion"] = "1.0.0";
        config["name"] = "test";
        config["type"] = "tuning";
        config["dataDir"] = $"{node.Directory}/tuning";
        return config;
    }
}
