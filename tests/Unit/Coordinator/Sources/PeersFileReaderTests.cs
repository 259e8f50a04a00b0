using System.Diagnostics;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Configuration.Documents;
using Plugboard.Coordinator.Sources.Static;

namespace Plugboard.Tests.Unit.Coordinator.Sources;

public sealed class PeersFileReaderTests
{
    private const string Yaml = """
        # Two nodes.
        network:
          Network: 10.244.0.0/16
          Backend: {Type: vxlan, VNI: 7}
        nodes:
          - name: one
            podCIDRs: [10.244.1.0/24, "fd00:1::/64"]
            addresses: [192.168.0.1]
          - name: two
            podCIDRs:
              - 10.244.2.0/24
            addresses: [192.168.0.2]
            vtepMAC: 0a:00:00:00:00:02
            vni: 9
        """;

    private static PeersFile Read(string text, NetConf? otherwise = null) => PeersFileReader.Read(Encoding.UTF8.GetBytes(text), otherwise);

    private static string Refused(string text) => Assert.Throws<DocumentException>(() => Read(text)).Message;

    [Fact]
    public void Yaml_tells_nodes_and_network()
    {
        var file = Read(Yaml);
        Assert.Empty(file.Warnings);
        Assert.Equal(new NetConf { Network = IPPrefix.Parse("10.244.0.0/16"), Backend = new BackendConf { Type = BackendType.Vxlan, Vni = 7 } }, file.Network);
        var one = new ClusterNode
        {
            Name = "one",
            PodCidrs = [IPPrefix.Parse("10.244.1.0/24"), IPPrefix.Parse("fd00:1::/64")],
            Addresses = [IPAddr.Parse("192.168.0.1")],
            BackendType = "vxlan",
            Vtep4 = new VtepData(7, VtepMac.From("one", 7, is6: false)),
            Vtep6 = new VtepData(7, VtepMac.From("one", 7, is6: true)),
        };
        var two = new ClusterNode
        {
            Name = "two",
            PodCidrs = [IPPrefix.Parse("10.244.2.0/24")],
            Addresses = [IPAddr.Parse("192.168.0.2")],
            BackendType = "vxlan",
            Vtep4 = new VtepData(9, MacAddress.Parse("0a:00:00:00:00:02")),
        };
        Assert.Equal([one, two], file.Nodes);
    }

    [Fact]
    public void Json_says_the_same()
    {
        var json = """
            {
            	"network": {"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan", "VNI": 7}},
            	"nodes": [
            		{"name": "one", "podCIDRs": ["10.244.1.0/24", "fd00:1::/64"], "addresses": ["192.168.0.1"]},
            		{"name": "two", "podCIDRs": ["10.244.2.0/24"], "addresses": ["192.168.0.2"], "vtepMAC": "0a:00:00:00:00:02", "vni": 9}
            	]
            }
            """;
        Assert.Equal(Read(Yaml), Read(json));
    }

    [Fact]
    public void Anchors_are_followed() =>
        Assert.Equal("host-gw", Read("nodes:\n- {name: a, backend: &b host-gw}\n- {name: b, backend: *b}\n").Nodes[1].BackendType);

    [Fact]
    public void Without_a_network_the_nodes_own_configuration_tells_backend_and_number()
    {
        var file = Read("nodes: [{name: a, podCIDRs: [10.1.0.0/24]}]", new NetConf { Backend = new BackendConf { Type = BackendType.Vxlan, Vni = 42 } });
        Assert.Null(file.Network);
        Assert.Equal(42, file.Nodes[0].Vtep4!.Vni);
    }

    [Fact]
    public void A_node_that_routes_has_no_tunnel() => Assert.Null(Read("nodes: [{name: a, podCIDRs: [10.1.0.0/24], backend: host-gw}]").Nodes[0].Vtep4);

    [Fact]
    public void Unknown_keys_are_named_with_their_line() =>
        Assert.Equal(["line 3: podCIDR: unknown key", "line 4: more: unknown key"], Read("nodes:\n- name: a\n  podCIDR: x\nmore: 1\n").Warnings.Order());

    [Theory]
    [InlineData("", "line 1: must be an object, not null")]
    [InlineData("[]", "line 1: must be an object, not a list")]
    [InlineData("a: 1", "line 1: there is no \"nodes\" list")]
    [InlineData("nodes: x", "line 1: nodes must be a list, not \"x\"")]
    [InlineData("nodes:\n- x", "line 2: nodes[0] must be an object, not \"x\"")]
    [InlineData("nodes:\n- addresses: []", "line 2: nodes[0] has no name")]
    [InlineData("nodes:\n- name: 7", "line 2: name must be a string, not 7")]
    [InlineData("nodes:\n- name: a\n- name: b\n- name: a", "line 4: node a is there twice, the first time in line 2")]
    [InlineData("nodes:\n- name: a\n  name: b", "line 3: name is there twice")]
    [InlineData("nodes:\n- name: a\n  podCIDRs: [10.1.0.1/24]", "line 3: podCIDRs[0] \"10.1.0.1/24\" is an address in a network: the network is 10.1.0.0/24")]
    [InlineData("nodes:\n- name: a\n  podCIDRs: [10.1.0.0/24, 10.2.0.0/24]", "line 3: podCIDRs[1] 10.2.0.0/24 is a second one of IPv4: a node has one per family")]
    [InlineData("nodes:\n- name: a\n  addresses: [10.1.0]", "line 3: addresses[0] \"10.1.0\" is no address")]
    [InlineData("nodes:\n- name: a\n  vtepMAC: 01:00:5e:00:00:01", "line 3: vtepMAC \"01:00:5e:00:00:01\" is no single link's hardware address")]
    [InlineData("nodes:\n- name: a\n  vni: 0", "line 3: vni is 0: it must be 1 to 16777215")]
    [InlineData("nodes:\n- name: a\n  backend: udp", "line 3: backend \"udp\" is none of vxlan, host-gw, ipip and alloc")]
    [InlineData("nodes: []\nnetwork:\n  Network: 10.1.2.3/16", "line 3: Network \"10.1.2.3/16\" is an address in a network: the network is 10.1.0.0/16")]
    [InlineData("nodes: *x", "line 1: nothing before is called &x")]
    [InlineData("nodes: []\n---\nnodes: []", "line 2: there is a second document")]
    [InlineData("nodes: []\n? [a]\n: b", "line 2: a name must be a string")]
    public void What_cannot_be_is_refused_with_its_line(string text, string expected) => Assert.Equal(expected, Refused(text));

    [Theory]
    [InlineData("nodes: [")]
    [InlineData("nodes:\n\t- a")]
    [InlineData("{\"nodes\": [}")]
    [InlineData("nodes: 'a")]
    [InlineData("\u0000")]
    public void What_is_neither_yaml_nor_json_is_refused_with_its_line(string text) =>
        Assert.Matches("^line [0-9]+(, column [0-9]+)?: [^(]", Refused(text));

    [Fact]
    public void Depth_has_an_end() => Assert.Contains("too deep", Refused($"nodes: {new string('[', 10_000)}{new string(']', 10_000)}"), StringComparison.Ordinal);

    [Theory]
    // The code is not optimised here and the machine is others' too: bounds against what grows, not measurements.
    [InlineData(true, 400)]
    // The YAML parser's own time for the most part.
    [InlineData(false, 2000)]
    public void Five_thousand_nodes_take_no_time(bool json, int milliseconds)
    {
        var nodes = Enumerable.Range(0, 5000).Select(i => (Name: $"node-{i}", Cidr: $"10.{i >> 8}.{i & 255}.0/24", Address: $"172.16.{i >> 8}.{i & 255}"));
        var text = json
            ? $$"""{"nodes":[{{string.Join(',', nodes.Select(n => $$"""{"name":"{{n.Name}}","podCIDRs":["{{n.Cidr}}"],"addresses":["{{n.Address}}"]}"""))}}]}"""
            : "nodes:\n" + string.Concat(nodes.Select(n => $"- name: {n.Name}\n  podCIDRs: [{n.Cidr}]\n  addresses: [{n.Address}]\n"));
        Read(text);
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            var start = Stopwatch.GetTimestamp();
            Assert.Equal(5000, Read(text).Nodes.Count);
            best = best < Stopwatch.GetElapsedTime(start) ? best : Stopwatch.GetElapsedTime(start);
        }

        Assert.InRange(best, TimeSpan.Zero, TimeSpan.FromMilliseconds(milliseconds));
    }
}
