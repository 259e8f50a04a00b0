using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>host-device gives a device back, whatever happened to it and around it since its ADD.</summary>
public sealed class HostDeviceReturnTests
{
    private const string Record = HostDeviceNode.Records + "/pod0:eth0";

    [KernelTheory]
    [InlineData("ip link set eth0 mtu 1300 address 02:00:00:00:00:55 down")]
    [InlineData("ip link set eth0 txqueuelen 77 down", "ip link set eth0 name data7")]
    [InlineData("ip link set eth0 alias mine")]
    [InlineData("ip link set eth0 alias mine down", "ip link set eth0 name data7")]
    [InlineData("ip link set eth0 down", "ip link set eth0 name nic0", "ip link add eth0 type veth peer name other")]
    [InlineData("ip link add nic0 type veth peer name other")]
    [InlineData("ip link add br0 type bridge", "ip link set eth0 master br0")]
    [InlineData("ip link property add dev eth0 altname nic0")]
    [InlineData("ip addr add 10.9.9.9/24 dev eth0", "ip link set eth0 promisc on", "ip link set eth0 promisc off")]
    public void Whatever_the_pod_did_to_it_it_is_as_it_was(params string[] tools)
    {
        using var host = new HostDeviceNode();
        var before = host.Facts();
        var pod = host.Node.AddPod();
        host.Node.Call("ADD", pod, host.WithIpam()).Succeeded();
        foreach (var tool in tools)
            pod.Tool(tool);
        host.Node.Call("DEL", pod, host.WithIpam()).Succeeded();
        Assert.Equal(before, host.Facts());
        host.Node.Call("DEL", pod, host.WithIpam()).Succeeded();
        Assert.Equal(before, host.Facts());
        Assert.Empty(host.Node.Leases());
        host.HasNoRecord();
    }

    // The pod's own loopback interface was taken for the node's: the ADD set it down, and each DEL failed.
    [KernelTheory]
    [InlineData("""{"device":"lo"}""", "eth0")]
    [InlineData("""{"device":"lo"}""", "lo")]
    [InlineData("""{"hwaddr":"00:00:00:00:00:00"}""", "eth0")]
    public void A_loopback_interface_is_refused_and_nothing_is_on_record(string choice, string ifName)
    {
        using var host = new HostDeviceNode();
        var pod = host.Node.AddPod(ifName: ifName);
        pod.Tool("ip link set lo up");
        var config = host.WithIpam(choice);
        var refused = host.Node.Call("ADD", pod, config);
        Assert.Equal(ifName == "lo" ? 101 : 7, refused.Code);
        Assert.Empty(host.Node.Leases());
        host.HasNoRecord();
        host.Node.Call("DEL", pod, config).Succeeded();
        Assert.Contains("UP", pod.Tool("ip link show dev lo"), StringComparison.Ordinal);
        Assert.DoesNotContain("alias", pod.Tool("ip link show dev lo"), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_device_whose_name_the_node_has_given_away_waits_for_it_in_the_pod(bool isOfTheReference)
    {
        using var host = new HostDeviceNode();
        var before = host.Facts();
        var pod = host.Node.AddPod();
        var config = host.WithIpam();
        host.Node.Call("ADD", pod, config).Succeeded();
        if (isOfTheReference)
            host.ForgetRecords();
        host.Node.Tool("ip link add nic0 type veth peer name other");
        foreach (var _ in (int[])[1, 2])
        {
            var refused = host.Node.Call("DEL", pod, config);
            Assert.Equal((7, "failed to move \"nic0\" to hostNS: file exists"), (refused.Code, refused.Message));
            Assert.Equal(
                "the device stays in the container as eth0, without addresses: the veth link nic0 has its name; rename or remove that "
                    + "link, then the next DEL succeeds",
                refused.Details
            );
            // Its address may be another pod's by now.
            Assert.Empty(host.Node.Leases());
            Assert.DoesNotContain("inet ", pod.Tool("ip -4 -o addr show dev eth0"), StringComparison.Ordinal);
            Assert.Contains("UP", pod.Tool("ip -br link show dev eth0"), StringComparison.Ordinal);
        }

        host.Node.Tool("ip link del nic0");
        host.Node.Call("DEL", pod, config).Succeeded();
        if (!isOfTheReference)
            Assert.Equal(before, host.Facts());
        Assert.True(host.Has("nic0"));
        host.HasNoRecord();
    }

    [KernelTheory]
    [InlineData("""{"device":"nic0"}""")]
    [InlineData("""{"device":"","hwaddr":"02:00:00:00:00:01"}""")]
    public void A_network_that_was_renamed_since_gives_its_device_back(string choice)
    {
        using var host = new HostDeviceNode();
        host.Node.Tool("ip link set nic0 address 02:00:00:00:00:01");
        var before = host.Facts();
        var pod = host.Node.AddPod();
        host.Node.Call("ADD", pod, HostDeviceNode.Config()).Succeeded();
        var renamed = HostDeviceNode.Config(choice);
        renamed["name"] = "renamed";
        host.Node.Call("DEL", pod, renamed).Succeeded();
        Assert.Equal(before, host.Facts());
        host.HasNoRecord();
    }

    [KernelFact]
    public void GC_gives_such_a_device_a_free_name_and_an_error_says_so()
    {
        using var host = new HostDeviceNode();
        var before = host.Facts();
        var pod = host.Node.AddPod();
        var config = host.WithIpam(version: "1.1.0");
        host.Node.Call("ADD", pod, config).Succeeded();
        host.Node.Tool("ip link add nic0 type veth peer name other");
        config["cni.dev/valid-attachments"] = new System.Text.Json.Nodes.JsonArray();
        var refused = host.Node.Call("GC", null, config);
        Assert.Equal((7, "failed to move \"nic0\" to hostNS: file exists"), (refused.Code, refused.Message));
        Assert.Empty(host.Node.Leases());
        var name = host
            .Node.Tool("ip -br link")
            .Split('\n')
            .Single(static line => line.StartsWith("cni", StringComparison.Ordinal))
            .Split('@')[0];
        Assert.Contains($"back on the host as {name}, with nic0 as its alias", refused.Details, StringComparison.Ordinal);
        Assert.Equal(
            before.Where(static fact => !fact.StartsWith("if", StringComparison.Ordinal)),
            host.Facts(name).Where(static fact => !fact.StartsWith("if", StringComparison.Ordinal))
        );
        host.Node.Call("GC", null, config).Succeeded();
        host.HasNoRecord();
    }

    // The kernel ends a virtual link with its namespace; hardware comes back, which SriovGuestTests see.
    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_namespace_that_ended_takes_nothing_else_with_it(bool isPathKnown)
    {
        using var host = new HostDeviceNode();
        var pod = host.Node.AddPod();
        var config = host.WithIpam();
        host.Node.Call("ADD", pod, config).Succeeded();
        var path = pod.Path;
        host.Node.EndPod(pod);
        Eventually.Equal(false, () => host.Has("beyond"));
        host.Node.Call("DEL", pod, config, isPathKnown ? $"CNI_NETNS={path}" : "CNI_NETNS=").Succeeded();
        Assert.Empty(host.Node.Leases());
        host.HasNoRecord();
    }

    // What the kernel does with hardware whose namespace ended, done by hand: it is back under the pod's name, with its alias.
    [KernelTheory]
    [InlineData("DEL")]
    [InlineData("ADD")]
    [InlineData("GC")]
    public void A_device_that_came_back_by_itself_gets_its_own_name_and_all_else(string verb)
    {
        using var host = new HostDeviceNode();
        var before = host.Facts();
        var (pod, next) = (host.Node.AddPod(), host.Node.AddPod());
        var config = host.WithIpam(version: "1.1.0");
        host.Node.Call("ADD", pod, config).Succeeded();
        ComeBack(host, pod);
        if (verb == "GC")
        {
            config["cni.dev/valid-attachments"] = new System.Text.Json.Nodes.JsonArray();
            host.Node.Call("GC", null, config).Succeeded();
            config.Remove("cni.dev/valid-attachments");
        }
        else if (verb == "ADD")
        {
            host.Node.Call("ADD", next, config).Succeeded();
            // Late: another pod has it by now.
            host.Node.Call("DEL", pod, config, "CNI_NETNS=/run/netns/gone").Succeeded();
            next.Tool("ip link show dev eth0");
            host.Node.Call("DEL", next, config).Succeeded();
        }
        else
        {
            host.Node.Call("DEL", pod, config, "CNI_NETNS=").Succeeded();
        }

        Assert.Equal(before, host.Facts());
        Assert.Empty(host.Node.Leases());
        host.HasNoRecord();
    }

    [KernelFact]
    public void A_record_of_an_earlier_boot_moves_nothing()
    {
        using var host = new HostDeviceNode();
        var pod = host.Node.AddPod();
        host.Node.Call("ADD", pod, host.WithIpam()).Succeeded();
        var record = host.Node.Run(static () => File.ReadAllText(Record));
        host.Node.Call("DEL", pod, host.WithIpam()).Succeeded();
        // As after a boot: the device is there, and someone has changed it since.
        host.Node.Tool("ip link set nic0 mtu 1333 alias nic0");
        var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        host.Node.Run(() => File.WriteAllText(Record, record.Replace(boot, "earlier", StringComparison.Ordinal)));
        var before = host.Facts();
        host.Node.Call("DEL", pod, host.WithIpam(), "CNI_NETNS=/run/netns/gone").Succeeded();
        Assert.Equal(before, host.Facts());
        host.HasNoRecord();
    }

    [KernelTheory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("network test\ncontainer pod0\n")]
    public void A_record_that_cannot_be_read_is_made_up_for_by_the_alias(string content)
    {
        using var host = new HostDeviceNode();
        var pod = host.Node.AddPod();
        host.Node.Call("ADD", pod, host.WithIpam()).Succeeded();
        host.Node.Run(() => File.WriteAllText(Record, content));
        host.Node.Call("DEL", pod, host.WithIpam()).Succeeded();
        Assert.True(host.Has("nic0"));
        Assert.Empty(host.Node.Leases());
        host.HasNoRecord();
    }

    [KernelFact]
    public void An_interface_of_another_plugin_or_network_stays()
    {
        using var host = new HostDeviceNode();
        var pod = host.Node.AddPod();
        host.Node.Call("ADD", pod, host.WithIpam()).Succeeded();
        var other = host.WithIpam("""{"device":"nic1"}""");
        other["name"] = "other";
        host.Node.Call("DEL", pod, other).Succeeded();
        pod.Tool("ip link show dev eth0");
        host.Node.Call("DEL", pod, host.WithIpam()).Succeeded();
        pod.Result = null;
        host.Node.Call("ADD", pod, host.Node.BridgeConfig(static config => config["name"] = "other")).Succeeded();
        host.Node.Call("DEL", pod, host.WithIpam()).Succeeded();
        pod.Tool("ip link show dev eth0");
    }

    // A path of a process's namespace may be another process's by then.
    [KernelFact]
    public void A_namespace_that_is_not_ADDs_is_left_alone()
    {
        using var host = new HostDeviceNode();
        var (pod, other) = (host.Node.AddPod(), host.Node.AddPod());
        host.Node.Call("ADD", pod, host.WithIpam()).Succeeded();
        other.Tool("ip link add eth0 type veth peer name nic0");
        var before = other.Tool("ip -br link");
        host.Node.Call("DEL", pod, host.WithIpam(), $"CNI_NETNS={other.Path}").Succeeded();
        Assert.Equal(before, other.Tool("ip -br link"));
    }

    [KernelFact]
    public void CHECK_says_what_is_not_as_added()
    {
        using var host = new HostDeviceNode();
        var pod = host.Node.AddPod();
        host.Node.Call("ADD", pod, host.WithIpam()).Succeeded();
        pod.Tool("ip addr del 10.1.0.2/16 dev eth0");
        var refused = host.Node.Call("CHECK", pod, host.WithIpam());
        Assert.Equal((100, "Failed to match addr 10.1.0.2/16 on interface eth0"), (refused.Code, refused.Message));
        var plain = HostDeviceNode.Config();
        pod.Result = System.Text.Json.Nodes.JsonNode.Parse(
            $$"""{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"{{pod.Path}}"}]}"""
        );
        host.Node.Call("CHECK", pod, plain).Succeeded();
        pod.Tool("ip link set eth0 down");
        pod.Tool("ip link set eth0 name data7");
        pod.Tool("ip link add eth0 up type veth peer name other");
        var swapped = host.Node.Call("CHECK", pod, plain);
        Assert.Equal((100, "Interface eth0 is not the device nic0"), (swapped.Code, swapped.Message));
    }

    [KernelTheory]
    [InlineData("""{"device":"nic1"}""", "device nic1")]
    [InlineData("""{"hwaddr":"02:00:00:00:00:99"}""", "hwaddr 02:00:00:00:00:99")]
    public void CHECK_says_that_the_config_means_another_device_by_now(string choice, string words)
    {
        using var host = new HostDeviceNode();
        host.Node.Tool("ip link property add dev nic0 altname uplink");
        host.Node.Tool("ip link add nic1 address 02:00:00:00:00:99 type veth peer name other");
        var pod = host.Node.AddPod();
        host.Node.Call("ADD", pod, host.WithIpam()).Succeeded();
        foreach (var same in (string[])["""{"device":"nic0"}""", """{"device":"uplink"}""", $$"""{"hwaddr":"{{Transcript.FixedMac}}"}"""])
            host.Node.Call("CHECK", pod, host.WithIpam(same)).Succeeded();
        var refused = host.Node.Call("CHECK", pod, host.WithIpam(choice));
        Assert.Equal((100, $"Interface eth0 is the device nic0, not {words}"), (refused.Code, refused.Message));
        Assert.Equal("the network config chooses another device than the one that ADD gave the container", refused.Details);
    }

    private static void ComeBack(HostDeviceNode host, CniPod pod)
    {
        pod.Tool("ip link set eth0 down");
        pod.Tool("ip link set eth0 name net1");
        host.Node.Run(() =>
        {
            using var own = Plugboard.Linux.Namespaces.NetworkNamespace.OpenOwn();
            Plugboard.Linux.Namespaces.NamespaceThread.Run(
                pod.Namespace,
                () =>
                {
                    using var inside = Plugboard.Netlink.Route.RouteClient.Open();
                    var link = inside.Links.Get("net1");
                    inside.Links.Set(link.Index, new Plugboard.Netlink.Route.Links.LinkChange { NetNs = own.File });
                }
            );
        });
    }
}
