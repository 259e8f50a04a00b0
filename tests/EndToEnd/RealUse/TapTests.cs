using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// tap: a device that a program in the pod opens. Debian's reference has none, so its documented behaviour is what counts.
/// </summary>
public sealed class TapTests
{
    // linux/if_tun.h: IFF_TAP, IFF_MULTI_QUEUE, IFF_NO_PI, and of the kernel's own IFF_PERSIST.
    private const string Flags = "0x1802";
    private const string MultiQueueFlags = "0x1902";

    [KernelTheory]
    [InlineData("0.1.0")]
    [InlineData("0.2.0")]
    [InlineData("0.3.1")]
    [InlineData("0.4.0")]
    [InlineData("1.0.0")]
    [InlineData("1.1.0")]
    public void A_pod_has_a_tap_device_with_an_address(string version)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var config = WithAddress(node, "{}");
        config["cniVersion"] = version;
        var result = node.Call("ADD", pod, config).Succeeded().Json;
        var link = Link(pod);
        Assert.Equal(("tun", "cni:test/pod0/eth0"), ((string)link["linkinfo"]!["info_kind"]!, (string)link["ifalias"]!));
        Assert.Contains("10.1.0.2/16", pod.Tool("ip -br address show dev eth0"), StringComparison.Ordinal);
        if (version is not ("0.1.0" or "0.2.0"))
            Assert.Equal((string)link["address"]!, (string)result["interfaces"]![0]!["mac"]!);
        if (version is "0.4.0" or "1.0.0" or "1.1.0")
            node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
        Assert.NotEqual(0, pod.TryTool(["ip", "link", "show", "dev", "eth0"]).ExitCode);
        node.Call("DEL", pod, config).Succeeded();
        Assert.Empty(node.Leases());
    }

    [KernelTheory]
    [InlineData("0.1.0")]
    [InlineData("0.2.0")]
    public void Without_ipam_the_oldest_result_has_no_address(string version)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var config = Config("{}");
        config["cniVersion"] = version;
        var result = node.Call("ADD", pod, config).Succeeded().Json;
        Assert.Equal($$$"""{"cniVersion":"{{{version}}}","dns":{}}""", result.ToJsonString());
        Assert.Equal("tun", (string)Link(pod)["linkinfo"]!["info_kind"]!);
        node.Call("DEL", pod, config).Succeeded();
        Assert.False(pod.HasLink("eth0"));
    }

    // The reference ignores mtu and mac where both owner and group are given, and has packet information in front of frames then.
    [KernelTheory]
    [InlineData("{}", Flags, "-1", "-1")]
    [InlineData("""{"owner":1000}""", Flags, "1000", "-1")]
    [InlineData("""{"group":107}""", Flags, "-1", "107")]
    [InlineData("""{"owner":0,"group":0}""", Flags, "0", "0")]
    [InlineData("""{"owner":1000,"group":107,"multiQueue":true}""", MultiQueueFlags, "1000", "107")]
    [InlineData("""{"multiQueue":true,"selinuxContext":"system_u:system_r:container_t:s0"}""", MultiQueueFlags, "-1", "-1")]
    public void Every_key_has_its_effect_beside_every_other(string keys, string flags, string owner, string group)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var config = Config(keys);
        (config["mtu"], config["mac"]) = (1400, "02:00:00:00:00:07");
        node.Call("ADD", pod, config).Succeeded();
        var link = Link(pod);
        Assert.Equal((1400, "02:00:00:00:00:07"), ((int)link["mtu"]!, (string)link["address"]!));
        var data = link["linkinfo"]!["info_data"]!;
        Assert.Equal((false, false, true), ((bool)data["pi"]!, (bool)data["vnet_hdr"]!, (bool)data["persist"]!));
        Assert.Equal((flags, owner, group), (Attribute(pod, "tun_flags"), Attribute(pod, "owner"), Attribute(pod, "group")));
    }

    [KernelFact]
    public void The_owner_opens_it_and_nobody_else()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, Config("""{"owner":1000}""")).Succeeded();
        Assert.Equal((0, ""), Open(pod, user: 1000));
        Assert.Equal((1, "Operation not permitted"), Open(pod, user: 1001));
    }

    [KernelFact]
    public void It_becomes_a_port_of_a_bridge_in_the_container()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        pod.Tool("ip link add k6t type bridge");
        node.Call("ADD", pod, Config("""{"bridge":"k6t"}""")).Succeeded();
        Assert.Equal("k6t", (string)Link(pod)["master"]!);
    }

    [KernelTheory]
    [InlineData("""{"bridge":"nope"}""", 7, "failed to get bridge nope: Link not found")]
    [InlineData("""{"bridge":"lo"}""", 7, "lo is not a bridge")]
    [InlineData("""{"mtu":10}""", 7, "invalid mtu 10")]
    [InlineData("""{"mac":"01:00:5e:00:00:01"}""", 7, "address 01:00:5e:00:00:01: invalid MAC address")]
    [InlineData("""{"owner":-1}""", 7, "invalid owner -1")]
    [InlineData("""{"selinuxContext":"container_t"}""", 7, "invalid selinuxContext \"container_t\"")]
    public void What_is_wrong_is_refused_and_leaves_nothing(string keys, int code, string message)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var before = pod.Tool("ip -br link");
        var refused = node.Call("ADD", pod, WithAddress(node, keys));
        Assert.Equal((code, message), (refused.Code, refused.Message));
        Assert.Equal(before, pod.Tool("ip -br link"));
        Assert.Empty(node.Leases());
    }

    // TUNSETIFF would open the device that is there.
    [KernelTheory]
    [InlineData("ip tuntap add dev eth0 mode tap")]
    [InlineData("ip link add eth0 type veth peer name other")]
    public void A_name_that_is_taken_is_refused_and_its_link_stays(string first)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        pod.Tool(first);
        var before = pod.Tool("ip -o link show dev eth0");
        Assert.Equal(101, node.Call("ADD", pod, Config("{}")).Code);
        Assert.Equal(before, pod.Tool("ip -o link show dev eth0"));
    }

    [KernelFact]
    public void DEL_removes_a_device_that_the_reference_made_and_none_of_another_network()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, Config("{}")).Succeeded();
        node.Call("DEL", pod, Config("""{"name":"other"}""")).Succeeded();
        Link(pod);
        node.Call("DEL", pod, Config("{}")).Succeeded();
        pod.Tool("ip tuntap add dev eth0 mode tap");
        node.Call("DEL", pod, Config("{}")).Succeeded();
        Assert.NotEqual(0, pod.TryTool(["ip", "link", "show", "dev", "eth0"]).ExitCode);
    }

    [KernelFact]
    public void STATUS_is_well_where_tap_devices_can_be_made_and_says_why_where_they_cannot()
    {
        using var node = new CniNode();
        var config = Config("""{"cniVersion":"1.1.0"}""");
        node.Call("STATUS", null, config).Succeeded();
        node.Tool("mount -t tmpfs none /dev");
        var status = node.Call("STATUS", null, config);
        Assert.Equal(
            (50, "tap devices cannot be made: open /dev/net/tun: no such file or directory (ENOENT)"),
            (status.Code, status.Message)
        );
        var refused = node.Call("ADD", node.AddPod(), config);
        Assert.Equal(
            (2, "tap devices cannot be made: open /dev/net/tun: no such file or directory (ENOENT)"),
            (refused.Code, refused.Message)
        );
    }

    // What a process with another SELinux context does; the context itself needs a kernel with SELinux.
    [KernelFact]
    public void Another_process_of_the_executable_makes_the_device()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        string[] command = [$"{PluginDirectory.Ours}/tap", "make-tap-device", "eth0", "1", "1000", ""];
        Assert.Equal(0, pod.TryTool(command).ExitCode);
        Assert.Equal((MultiQueueFlags, "1000", "-1"), (Attribute(pod, "tun_flags"), Attribute(pod, "owner"), Attribute(pod, "group")));
        Assert.Equal(1, pod.TryTool(command).ExitCode);
    }

    // On a node everybody may open the control device: here one of its own stands for it.
    private static (int, string) Open(CniPod pod, int user)
    {
        const string Opening = """
            mount -t tmpfs none /dev && mkdir /dev/net && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/net/tun c 10 200
            exec setpriv --reuid=$1 --regid=$1 --clear-groups perl -e '
                open(F, "+<", "/dev/net/tun") or die "$!";
                $request = pack("Z16 S x22", "eth0", 0x1002);
                ioctl(F, 0x400454ca, $request) or print STDERR "$!" and exit 1'
            """;
        var (exitCode, _, error) = pod.TryTool(["unshare", "--mount", "sh", "-c", Opening, "open", $"{user}"]);
        return (exitCode, error.Trim());
    }

    // sysfs shows the links of the namespace that mounted it.
    private static string Attribute(CniPod pod, string name) =>
        pod.TryTool(["unshare", "--mount", "sh", "-c", $"mount -t sysfs none /sys && cat /sys/class/net/eth0/{name}"]).Output.Trim();

    private static JsonNode Link(CniPod pod) => JsonNode.Parse(pod.Tool("ip -j -d link show dev eth0"))![0]!;

    private static JsonObject WithAddress(CniNode node, string keys)
    {
        var config = Config(keys);
        config["ipam"] = node.BridgeConfig()["ipam"]!.DeepClone();
        config["ipam"]!.AsObject().Remove("routes");
        return config;
    }

    private static JsonObject Config(string keys)
    {
        var config = JsonNode.Parse("""{"cniVersion":"1.0.0","name":"test","type":"tap"}""")!.AsObject();
        foreach (var (key, value) in JsonNode.Parse(keys)!.AsObject())
            config[key] = value!.DeepClone();
        return config;
    }
}
