using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Sources.Static;
using Plugboard.Documents;
using Plugboard.Testing;

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
        Assert.Equal(
            new NetConf
            {
                Network = IPPrefix.Parse("10.244.0.0/16"),
                Backend = new BackendConf { Type = BackendType.Vxlan, Vni = 7 },
            },
            file.Network
        );
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
        Assert.Equal(
            "host-gw",
            Read(
                "nodes:\n- {name: a, podCIDRs: &n [], addresses: *n, backend: &b host-gw}\n- {name: b, podCIDRs: [], addresses: [], "
                    + "backend: *b}\n"
            )
                .Nodes[1]
                .BackendType
        );

    [Fact]
    public void Without_a_network_the_nodes_own_configuration_tells_backend_and_number()
    {
        var file = Read(
            "nodes: [{name: a, podCIDRs: [10.1.0.0/24], addresses: []}]",
            new NetConf
            {
                Backend = new BackendConf { Type = BackendType.Vxlan, Vni = 42 },
            }
        );
        Assert.Null(file.Network);
        Assert.Equal(42, file.Nodes[0].Vtep4!.Vni);
    }

    [Fact]
    public void A_node_that_routes_has_no_tunnel() =>
        Assert.Null(Read("nodes: [{name: a, podCIDRs: [10.1.0.0/24], addresses: [], backend: host-gw}]").Nodes[0].Vtep4);

    [Theory]
    [InlineData(
        "nodes:\n- name: a\n  podCDIRs: [10.1.0.0/24]\n  addresses: []",
        "line 3: unknown key \"podCDIRs\" (did you mean \"podCIDRs\"?)"
    )]
    [InlineData(
        "nodes:\n- name: a\n  podCIDR: [10.1.0.0/24]\n  addresses: []",
        "line 3: unknown key \"podCIDR\" (did you mean \"podCIDRs\"?)"
    )]
    [InlineData("nodes: []\nmore: 1", "line 2: unknown key \"more\"")]
    [InlineData("nods: []", "line 1: unknown key \"nods\" (did you mean \"nodes\"?)")]
    [InlineData("nodes: []\nnetwork:\n  Netwrok: 10.1.0.0/16", "line 3: unknown key \"Netwrok\" (did you mean \"Network\"?)")]
    [InlineData("nodes: []\nnetwork:\n  Backend: {Type: vxlan, VIN: 7}", "line 3: unknown key \"VIN\" (did you mean \"VNI\"?)")]
    [InlineData("nodes: []\nnetwork:\n  Backend: {Typ: vxlan}", "line 3: unknown key \"Typ\" (did you mean \"Type\"?)")]
    [InlineData("nodes: []\n<<: {a: 1}", "line 2: unknown key \"<<\"")]
    public void An_unknown_key_is_an_error_with_its_line_and_the_key_that_was_meant(string text, string expected) =>
        Assert.Equal(expected, Refused(text));

    [Theory]
    [InlineData("nodes:\n- name: a\n  addresses: []", "line 2: node \"a\" has no podCIDRs; for a node that has no pods write podCIDRs: []")]
    [InlineData(
        "nodes:\n- name: a\n  podCIDRs:\n  addresses: []",
        "line 2: node \"a\" has no podCIDRs; for a node that has no pods write podCIDRs: []"
    )]
    [InlineData(
        "nodes:\n- name: a\n  podCIDRs: [10.1.0.0/24]",
        "line 2: node \"a\" has no addresses; for a node that cannot be reached write addresses: []"
    )]
    public void A_list_that_is_missing_is_an_error_and_not_an_empty_one(string text, string expected) =>
        Assert.Equal(expected, Refused(text));

    [Theory]
    [InlineData(
        "nodes:\n- {name: a, podCIDRs: [], addresses: [], PodCidrs: [10.1.0.0/24]}",
        "line 2: PodCidrs is present twice, first in line 2"
    )]
    [InlineData("{\"nodes\": [],\n\"nodes\": []}", "line 2: nodes is present twice, first in line 1")]
    public void A_key_that_is_there_twice_in_whatever_case_is_an_error(string text, string expected) =>
        Assert.Equal(expected, Refused(text));

    [Theory]
    [InlineData("\ufeffnodes: []")]
    [InlineData("nodes: []\r\n")]
    [InlineData("\ufeff{\"nodes\": []}\r\n")]
    [InlineData("# caf\u00e9 \U0001f600\nnodes: []")]
    public void Marks_of_editors_and_other_line_ends_change_nothing(string text) => Assert.Empty(Read(text).Nodes);

    [Fact]
    public void What_is_not_utf8_is_refused_with_its_line()
    {
        byte[] latin = [.. "nodes: []\n# caf"u8, 0xe9, (byte)'\n'];
        byte[] wide = [0xff, 0xfe, .. Encoding.Unicode.GetBytes("nodes: []")];

        Assert.Equal("line 2: it is not UTF-8", Assert.Throws<DocumentException>(() => PeersFileReader.Read(latin)).Message);
        Assert.Equal("line 1: it is UTF-16; save it as UTF-8", Assert.Throws<DocumentException>(() => PeersFileReader.Read(wide)).Message);
    }

    [Theory]
    [InlineData("x: [\nx")]
    [InlineData("nodes: [\nx")]
    [InlineData("...\n\"\"")]
    [InlineData("nodes: {{{}}: [}")]
    [InlineData("%YAML 9.9\n---\nnodes: []")]
    [InlineData("%TAG ! !\n---\nnodes: !x!y []")]
    [InlineData("nodes: !<> []")]
    [InlineData("nodes: &\n- a")]
    [InlineData("nodes: *")]
    [InlineData("nodes: \"\\x")]
    [InlineData("nodes: \"\\UFFFFFFFF\"")]
    [InlineData("nodes: |99\n x")]
    [InlineData("? nodes\n? []")]
    [InlineData("- - - -\n -")]
    [InlineData("&a [*a]")]
    [InlineData("a: &a [b]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]")]
    [InlineData("---\n---\n---")]
    [InlineData("nodes: []\n...\n%")]
    public void Whatever_the_parser_stumbles_over_is_an_error_with_its_place_and_without_words_of_the_program(string text)
    {
        var message = Refused(text);

        Assert.Matches("^line [0-9]+", message);
        Assert.DoesNotMatch("Exception|System\\.|YamlDotNet|   at ", message);
    }

    [Fact]
    public void No_message_is_longer_than_a_line_whatever_the_file_holds()
    {
        var word = new string('x', 1_000_000);
        foreach (
            var text in new[]
            {
                word,
                $"{word}: 1",
                $"nodes: {word}",
                $"nodes: [{{name: {word}}}]",
                $"nodes: [{{name: a, podCIDRs: [{word}], addresses: []}}]",
                $"nodes: [{{name: a, podCIDRs: [], addresses: [{word}]}}]",
                $"nodes: *{word}",
                $"{word}: 1\n{word}: 2",
                $"{{\"{word}\": 1}}",
            }
        )
            Assert.InRange(Refused(text).Length, 1, 600);
    }

    [Fact]
    public void A_node_whose_options_or_a_network_whose_values_vanish_keeps_them_until_a_restart()
    {
        const string Whole =
            "network: {Network: 10.1.0.0/16, Backend: {Type: vxlan, VNI: 7, Port: 4789}}\nnodes: [{name: a, podCIDRs: [10.1.0.0/24], "
            + "addresses: [], vtepMAC: 0a:00:00:00:00:02, vni: 9}]";
        var (first, memory) = PeersFileReader.Read(Encoding.UTF8.GetBytes(Whole), null, new PeersMemory(), "n");

        var (file, _) = PeersFileReader.Read(
            "network: {Backend: {Type: vxlan}}\nnodes: [{name: a, podCIDRs: [10.1.0.0/24], addresses: []}]"u8,
            null,
            memory,
            "n"
        );
        var (without, _) = PeersFileReader.Read("nodes: [{name: a, podCIDRs: [10.1.0.0/24], addresses: []}]"u8, null, memory, "n");
        var (other, _) = PeersFileReader.Read(
            "network: {Backend: {Type: host-gw}}\nnodes: [{name: a, podCIDRs: [10.1.0.0/24], addresses: []}]"u8,
            null,
            memory,
            "n"
        );

        Assert.Equal((first.Network, first.Nodes), (file.Network, file.Nodes));
        Assert.Equal((first.Network, first.Nodes), (without.Network, without.Nodes));
        Assert.Equal(5, file.Warnings.Count);
        Assert.Equal("Network: no longer set, it stays in force until a restart", file.Warnings[0]);
        Assert.Equal((BackendType.HostGw, 1), (other.Network!.Backend.Type, other.Network.Backend.Vni));
        Assert.Equal(
            file.Nodes,
            PeersFileReader
                .Read(Encoding.UTF8.GetBytes(Whole.Replace(", vni: 9", "", StringComparison.Ordinal)), null, memory, "n")
                .File.Nodes
        );
    }

    [Theory]
    [InlineData(
        "nodes:\n- {name: n11, podCIDRs: [10.1.9.0/24], addresses: [192.168.0.1]}",
        "line 2: node \"n11\" has the data of node \"n1\", this node's name (did you mean \"n1\"?)"
    )]
    [InlineData(
        "nodes:\n- {name: x, podCIDRs: [10.1.0.0/24], addresses: []}",
        "line 2: node \"x\" has the data of node \"n1\", this node's name (did you mean \"n1\"?)"
    )]
    public void This_nodes_entry_under_a_mistyped_name_is_an_error_and_not_its_end(string text, string expected)
    {
        var (_, memory) = PeersFileReader.Read(
            "nodes: [{name: n1, podCIDRs: [10.1.0.0/24], addresses: [192.168.0.1]}]"u8,
            null,
            new PeersMemory(),
            "n1"
        );

        Assert.Equal(
            expected,
            Assert.Throws<DocumentException>(() => PeersFileReader.Read(Encoding.UTF8.GetBytes(text), null, memory, "n1")).Message
        );
        Assert.Empty(PeersFileReader.Read("nodes: []"u8, null, memory, "n1").File.Nodes);
    }

    [Theory]
    [InlineData("", "line 1: must be an object, not null")]
    [InlineData("[]", "line 1: must be an object, not a list")]
    [InlineData("network: {Backend: {Type: vxlan}}", "line 1: the list \"nodes\" is missing")]
    [InlineData("nodes: x", "line 1: nodes must be a list, not \"x\"")]
    [InlineData("nodes:\n- x", "line 2: nodes[0] must be an object, not \"x\"")]
    [InlineData("nodes:\n- addresses: []", "line 2: nodes[0] has no name")]
    [InlineData("nodes:\n- {name: a, podCIDRs: x, addresses: []}", "line 2: podCIDRs must be a list, not \"x\"")]
    [InlineData("nodes:\n- name: 7", "line 2: name must be a string, not 7")]
    [InlineData(
        "nodes:\n- &a {name: a, podCIDRs: [], addresses: []}\n- {name: b, podCIDRs: [], addresses: []}\n- *a",
        "line 2: node \"a\" is present twice, first in line 2"
    )]
    [InlineData(
        "nodes:\n- {name: a, podCIDRs: [], addresses: []}\n- {name: a, podCIDRs: [], addresses: []}",
        "line 3: node \"a\" is present twice, first in line 2"
    )]
    [InlineData("nodes:\n- name: a\n  name: b", "line 3: name is present twice")]
    [InlineData(
        "nodes:\n- name: a\n  podCIDRs: [10.1.0.1/24]\n  addresses: []",
        "line 3: podCIDRs[0] \"10.1.0.1/24\" is an address in a network: the network is 10.1.0.0/24"
    )]
    [InlineData(
        "nodes:\n- name: a\n  podCIDRs: [10.1.0.0/24, 10.2.0.0/24]\n  addresses: []",
        "line 3: podCIDRs[1] 10.2.0.0/24 is a second value for IPv4: a node has one per family"
    )]
    [InlineData("nodes:\n- {name: a, podCIDRs: [],\n  addresses: [10.1.0]}", "line 3: addresses[0] \"10.1.0\" is not an address")]
    [InlineData(
        "nodes:\n- {name: a, podCIDRs: [], addresses: [],\n  vtepMAC: \"01:00:5e:00:00:01\"}",
        "line 3: vtepMAC \"01:00:5e:00:00:01\" is not the hardware address of a single link"
    )]
    [InlineData("nodes:\n- {name: a, podCIDRs: [], addresses: [],\n  vni: 0}", "line 3: vni is 0: it must be 1 to 16777215")]
    [InlineData(
        "nodes:\n- {name: a, podCIDRs: [], addresses: [],\n  backend: udp}",
        "line 3: backend \"udp\" is not vxlan, host-gw, ipip or alloc"
    )]
    [InlineData(
        "nodes:\n- {name: a, podCIDRs: [], addresses: [],\n  backend: vxlna}",
        "line 3: backend \"vxlna\" is not vxlan, host-gw, ipip or alloc (did you mean \"vxlan\"?)"
    )]
    [InlineData(
        "nodes:\n- {name: a, podCIDRs: [], addresses: [],\n  vni: 010}",
        "line 3: vni is 010, which is octal for some readers and decimal for others: remove the leading zeros"
    )]
    [InlineData("nodes:\n- {name: a, podCIDRs: [], addresses: [],\n  vni: 0x10}", "line 3: vni must be a whole number, not \"0x10\"")]
    [InlineData(
        "nodes: []\nnetwork:\n  Network: 10.1.2.3/16",
        "line 3: Network \"10.1.2.3/16\" is an address in a network: the network is 10.1.0.0/16"
    )]
    [InlineData("nodes: *x", "line 1: there is no anchor &x before it")]
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
    public void Depth_has_an_end() =>
        Assert.Contains("nested deeper", Refused($"nodes: {new string('[', 10_000)}{new string(']', 10_000)}"), StringComparison.Ordinal);

    [Theory]
    // The code is not optimised here and the machine is others' too: bounds against what grows, not measurements.
    [InlineData(true, 400)]
    // The YAML parser's own time for the most part.
    [InlineData(false, 2000)]
    public void Five_thousand_nodes_take_no_time(bool json, int milliseconds)
    {
        var nodes = Enumerable
            .Range(0, 5000)
            .Select(i => (Name: $"node-{i}", Cidr: $"10.{i >> 8}.{i & 255}.0/24", Address: $"172.16.{i >> 8}.{i & 255}"));
        var objects = nodes.Select(n => $$"""{"name":"{{n.Name}}","podCIDRs":["{{n.Cidr}}"],"addresses":["{{n.Address}}"]}""");
        var text = json
            ? $$"""{"nodes":[{{string.Join(',', objects)}}]}"""
            : "nodes:\n" + string.Concat(nodes.Select(n => $"- name: {n.Name}\n  podCIDRs: [{n.Cidr}]\n  addresses: [{n.Address}]\n"));
        Read(text);
        Timing.Within(
            TimeSpan.FromMilliseconds(milliseconds),
            () => Timing.ProcessorTime(() => Assert.Equal(5000, Read(text).Nodes.Count))
        );
    }
}
