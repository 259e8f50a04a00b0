using System.Text;
using Plugboard.Addresses;
using Plugboard.Doctor.Checks;
using Plugboard.Doctor.Nodes;

namespace Plugboard.Tests.Unit.Doctor;

public sealed class NodeFilesTests
{
    private static NetworkFile Parse(string name, string text) =>
        NetworkFile.Parse(Encoding.UTF8.GetBytes(text), "/etc/cni/net.d/" + name, "/leases");

    [Theory]
    [InlineData("10-a.conf", true)]
    [InlineData("10-a.conflist", true)]
    [InlineData("10-a.json", true)]
    [InlineData(".hidden.conflist", true)]
    [InlineData("10-a.conflist.disabled", false)]
    [InlineData(".10-a_conflist.new", false)]
    public void A_runtime_reads_by_ending(string name, bool reads) => Assert.Equal(reads, NetworkFile.IsConfig(name));

    [Fact]
    public void A_single_plugin_is_a_network_of_one()
    {
        var file = Parse(
            "a.conf",
            """{"cniVersion":"1.0.0","name":"n","type":"bridge","bridge":"br1","mtu":1400,"ipMasq":true,"ipam":"""
                + """{"type":"host-local","dataDir":"/d"}}"""
        );
        Assert.Null(file.Fault);
        Assert.Equal(["bridge", "host-local"], file.List!.Types);
        Assert.Equal(
            new PluginUse("bridge")
            {
                Bridge = "br1",
                Mtu = 1400,
                IsGateway = true,
                NeedsNat = true,
                DataDirectory = "/d",
            },
            Assert.Single(file.Plugins)
        );
    }

    [Theory]
    [InlineData(
        "a.conf",
        """{"name":"n","plugins":[{"type":"bridge"}]}""",
        "it has no type: a list of plugins needs a name that ends in .conflist"
    )]
    [InlineData(
        "a.json",
        """{"name":"n","plugins":[{"type":"bridge"}]}""",
        "it has no type: a list of plugins needs a name that ends in .conflist"
    )]
    [InlineData("a.conf", """{"name":"n","bridge":"br0"}""", "it has no type")]
    [InlineData(
        "a.conflist",
        """{"name":"n","type":"bridge"}""",
        "it has no plugins: the config of a single plugin needs a name that ends in .conf"
    )]
    [InlineData("a.conflist", """{"name":"n"}""", "plugins is missing or empty")]
    public void A_file_is_read_as_its_name_says(string name, string text, string fault) => Assert.Equal(fault, Parse(name, text).Fault);

    [Fact]
    public void A_symbolic_link_leads_where_it_leads_on_the_host()
    {
        var root = Directory.CreateTempSubdirectory("plugboard-networks-");
        try
        {
            var directory = root.CreateSubdirectory("etc/cni/net.d").FullName;
            root.CreateSubdirectory("static");
            File.WriteAllText($"{root.FullName}/static/n", """{"name":"n","plugins":[{"type":"bridge"}]}""");
            File.CreateSymbolicLink($"{directory}/10-n.conflist", "/static/n");
            File.CreateSymbolicLink($"{directory}/20-n.conflist", "/static/gone");
            Assert.Equal(
                [null, "it is a symbolic link to a file that does not exist"],
                NetworkFile.ReadAll(root.FullName, "/etc/cni/net.d", "/leases").Select(static file => file.Fault)
            );
            Assert.Empty(NetworkFile.ReadAll(root.FullName, "/etc/gone", "/leases"));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_directory_with_the_networks_name_adds_plugins_to_its_list_unless_that_wants_its_own_alone()
    {
        var root = Directory.CreateTempSubdirectory("plugboard-networks-");
        try
        {
            var directory = root.CreateSubdirectory("etc/cni/net.d").FullName;
            Directory.CreateDirectory($"{directory}/n");
            File.WriteAllText($"{directory}/n/20-portmap.conf", """{"type":"portmap"}""");
            File.WriteAllText($"{directory}/n/10-tuning.conf", """{"type":"tuning"}""");
            File.WriteAllText($"{directory}/n/30-vrf.conflist", """{"type":"vrf"}""");
            File.WriteAllText($"{directory}/1.conflist", """{"name":"n","plugins":[{"type":"bridge"}]}""");
            File.WriteAllText($"{directory}/2.conflist", """{"name":"n"}""");
            File.WriteAllText($"{directory}/3.conflist", """{"name":"n","plugins":[{"type":"bridge"}],"loadOnlyInlinedPlugins":true}""");
            File.WriteAllText($"{directory}/4.conflist", """{"name":"other","plugins":[{"type":"bridge"}]}""");
            Assert.Equal(
                ["bridge tuning portmap", "tuning portmap", "bridge", "bridge"],
                NetworkFile
                    .ReadAll(root.FullName, "/etc/cni/net.d", "/leases")
                    .Select(static file => string.Join(' ', file.Plugins.Select(static plugin => plugin.Type)))
            );

            File.WriteAllText($"{directory}/n/10-tuning.conf", "{");
            Assert.Contains(
                "/n/10-tuning.conf",
                NetworkFile.ReadAll(root.FullName, "/etc/cni/net.d", "/leases")[0].Fault,
                StringComparison.Ordinal
            );
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void Flannel_is_a_bridge_with_leases_and_a_file()
    {
        var file = Parse("a.conflist", """{"name":"n","plugins":[{"type":"flannel"},{"type":"portmap","backend":"iptables"}]}""");
        Assert.Equal(
            new PluginUse("flannel")
            {
                Bridge = "cni0",
                IsGateway = true,
                DataDirectory = "/leases",
                SubnetFile = "/run/flannel/subnet.env",
            },
            file.Plugins[0]
        );
        Assert.Equal(new PluginUse("portmap"), file.Plugins[1]);
    }

    [Theory]
    [InlineData("a.conflist", "")]
    [InlineData("a.conflist", "{")]
    [InlineData("a.conflist", """{"name":"n","plugins":[]}""")]
    [InlineData("a.conflist", """{"name":"n","type":"bridge"}""")]
    [InlineData("a.conf", """{"type":"bridge"}""")]
    [InlineData("a.conf", """{"name":"n"}""")]
    [InlineData("a.conflist", """{"name":"n","disableCheck":"yes","plugins":[{"type":"bridge"}]}""")]
    [InlineData("a.conflist", """{"name":"n","disableGC":1,"plugins":[{"type":"bridge"}]}""")]
    [InlineData("a.conflist", """{"name":"n","loadOnlyInlinedPlugins":"no","plugins":[{"type":"bridge"}]}""")]
    public void What_no_runtime_can_use_has_a_fault(string name, string text) => Assert.NotNull(Parse(name, text).Fault);

    [Theory]
    [InlineData("true")]
    [InlineData("\"False\"")]
    public void A_flag_of_a_list_may_be_a_text(string value) =>
        Assert.Null(Parse("a.conflist", $$"""{"name":"n","disableCheck":{{value}},"plugins":[{"type":"bridge"}]}""").Fault);

    [Fact]
    public void The_runtimes_cache_names_pod_and_addresses()
    {
        var pod = CachedPod.TryParse(
            Encoding.UTF8.GetBytes(
                """
                {"kind":"cniCacheV1","containerId":"c","config":"e30=","ifName":"eth0","networkName":"n","netns":"/run/netns/x",
                 "cniArgs":[["K8S_POD_UID","u"]],
                 "result":{"cniVersion":"0.4.0","dns":{},
                           "ips":[{"address":"10.1.2.3/24","version":"4"},{"address":"fd00::3/64","version":"6"}]}}
                """
            )
        )!;
        Assert.Equal(("n", "c", "eth0", "/run/netns/x"), (pod.Network, pod.ContainerId, pod.IfName, pod.NetNs));
        Assert.Equal([IPAddr.Parse("10.1.2.3"), IPAddr.Parse("fd00::3")], pod.Addresses);
        Assert.Null(CachedPod.TryParse("{\"kind\":\"cniCa"u8.ToArray()));
        Assert.Null(CachedPod.TryParse("""{"ips":[]}"""u8.ToArray()));
    }

    [Fact]
    public void A_cache_of_an_older_library_names_the_namespace_in_the_result()
    {
        var pod = CachedPod.TryParse(
            Encoding.UTF8.GetBytes(
                """
                {"kind":"cniCacheV1","containerId":"c","config":"e30=","ifName":"eth0","networkName":"n",
                 "result":{"cniVersion":"1.0.0","interfaces":[{"name":"cni0","mac":"02:00:00:00:00:01"},{"name":"veth1"},
                           {"name":"eth0","sandbox":"/var/run/netns/cni-1"}]}}
                """
            )
        )!;
        Assert.Equal("/var/run/netns/cni-1", pod.NetNs);
    }

    [Fact]
    public void Locks_are_read_with_those_who_wait()
    {
        var locks = HeldLock.Parse(
            """
            1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF
            1: -> FLOCK  ADVISORY  WRITE 1235 fe:01:5678 0 EOF
            1: -> FLOCK  ADVISORY  WRITE 1236 fe:01:5678 0 EOF
            2: POSIX  ADVISORY  WRITE 99 fe:01:1 0 EOF
            3: FLOCK  ADVISORY  READ 98 fe:01:7 0 EOF
            """
        );
        Assert.Equal(
            [
                new HeldLock(1234, 0xfe_0000_0001, 5678, true, 2),
                new HeldLock(99, 0xfe_0000_0001, 0, true, 0),
                new HeldLock(98, 0xfe_0000_0001, 7, false, 0),
            ],
            locks
        );
    }

    [Theory]
    [InlineData("u/volumes/plugboard~local/data", true)]
    [InlineData("u/volumes/kubernetes.io~projected/token", false)]
    [InlineData("u/volumes/plugboard~local/data/below", false)]
    [InlineData("u/volume-subpaths/data/main/0", false)]
    public void A_flexvolume_mount_is_known_by_its_place(string path, bool isOne) =>
        Assert.Equal(isOne, VolumeCheck.Parse(path).IsFlexVolume);

    [Fact]
    public void Only_names_that_an_install_uses_are_left_overs()
    {
        Assert.True(TemporaryFileCheck.IsLeftConfig(".10-flannel_conflist.new"));
        Assert.False(TemporaryFileCheck.IsLeftConfig(".gitignore"));
        Assert.True(TemporaryFileCheck.IsLeftInstall(".new-bridge"));
        Assert.False(TemporaryFileCheck.IsLeftInstall(".previous-bridge"));
    }
}
