using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;
using Plugboard.Documents;

namespace Plugboard.Tests.Unit.Coordinator.Configuration;

public sealed class NetConfReaderTests
{
    private static (NetConf Conf, List<string> Warnings) Read(string json)
    {
        var warnings = new List<string>();
        return (NetConfReader.Read(json, warnings), warnings);
    }

    private static string Refused(string json) => Assert.Throws<DocumentException>(() => NetConfReader.Read(json)).Message;

    [Fact]
    public void The_file_of_flannels_manifest_is_read_without_a_warning()
    {
        var (conf, warnings) = Read(
            """
            {
              "Network": "10.244.0.0/16",
              "EnableNFTables": false,
              "Backend": {
                "Type": "vxlan"
              }
            }
            """
        );
        Assert.Empty(warnings);
        Assert.Equal(
            new NetConf
            {
                Network = IPPrefix.Parse("10.244.0.0/16"),
                Backend = new BackendConf { Type = BackendType.Vxlan },
            },
            conf
        );
    }

    [Fact]
    public void Every_key_is_read()
    {
        var (conf, warnings) = Read(
            """
            { "EnableIPv4": true, "EnableIPv6": true, "EnableNFTables": true, "Network": "10.0.0.0/8", "IPv6Network": "fd00::/48",
              "SubnetLen": 20, "SubnetMin": "10.10.0.0", "SubnetMax": "10.99.0.0",
              "IPv6SubnetLen": 60, "IPv6SubnetMin": "fd00:0:0:10::", "IPv6SubnetMax": "fd00:0:0:ff0::",
              "Backend": { "Type": "VXLAN", "VNI": 4097, "Port": 8473, "MTU": 9000, "GBP": true, "Learning": true, "DirectRouting": true } }
            """
        );
        Assert.Equal(["EnableNFTables: without effect, nftables is used wherever the kernel has it"], warnings);
        Assert.Equal(
            new NetConf
            {
                SaysIPv4 = true,
                EnableIPv6 = true,
                EnableNFTables = true,
                Network = IPPrefix.Parse("10.0.0.0/8"),
                IPv6Network = IPPrefix.Parse("fd00::/48"),
                Subnets = new SubnetRange
                {
                    Length = 20,
                    Min = IPAddr.Parse("10.10.0.0"),
                    Max = IPAddr.Parse("10.99.0.0"),
                },
                IPv6Subnets = new SubnetRange
                {
                    Length = 60,
                    Min = IPAddr.Parse("fd00:0:0:10::"),
                    Max = IPAddr.Parse("fd00:0:0:ff0::"),
                },
                Backend = new BackendConf
                {
                    Type = BackendType.Vxlan,
                    Vni = 4097,
                    Port = 8473,
                    Mtu = 9000,
                    Gbp = true,
                    Learning = true,
                    DirectRouting = true,
                },
            },
            conf
        );
    }

    [Fact]
    public void Keys_are_found_whatever_their_case_and_the_last_of_several_counts() =>
        Assert.Equal(
            "10.2.0.0/16",
            Read("""{"network":"10.1.0.0/16","NETWORK":"10.2.0.0/16","backend":{"TYPE":"host-gw"}}""").Conf.Network.ToString()
        );

    [Fact]
    public void Unknown_keys_are_named_and_ignored()
    {
        var (conf, warnings) = Read("""{"Network":"10.1.0.0/16","Netwerk":"x","Backend":{"Type":"host-gw","VNI":7,"Mode":"auto"}}""");
        Assert.Equal(BackendType.HostGw, conf.Backend.Type);
        Assert.Equal(
            [
                "Netwerk: unknown key (did you mean \"Network\"?)",
                "Backend.VNI: not a key of host-gw, without effect",
                "Backend.Mode: not a key of host-gw, without effect",
            ],
            warnings
        );
    }

    [Theory]
    [InlineData("vxlan", BackendType.Vxlan)]
    [InlineData("Host-GW", BackendType.HostGw)]
    [InlineData("ipip", BackendType.Ipip)]
    [InlineData("alloc", BackendType.None)]
    internal void Backends_are_known_by_flannels_names(string type, BackendType expected) =>
        Assert.Equal(expected, Read($$$"""{"Backend":{"Type":"{{{type}}}"}}""").Conf.Backend.Type);

    [Fact]
    public void Without_a_backend_it_is_vxlan_and_that_is_said()
    {
        var (conf, warnings) = Read("{}");
        Assert.Equal(BackendType.Vxlan, conf.Backend.Type);
        Assert.Equal("Backend: missing, vxlan is used (flanneld itself takes udp, contrary to its documentation)", Assert.Single(warnings));
    }

    [Theory]
    [InlineData("udp", "backend type udp is not supported: vxlan does the same in the kernel")]
    [InlineData("WireGuard", "backend type wireguard is not supported: nothing here encrypts; vxlan or host-gw over links that do")]
    [InlineData("ipsec", "backend type ipsec is not supported: nothing here encrypts; vxlan or host-gw over links that do")]
    [InlineData("extension", "backend type extension is not supported: use alloc, and start its programs by other means")]
    [InlineData("tencent-vpc", "backend type tencent-vpc is not supported: use alloc, with the cloud's own route controller")]
    [InlineData("vxlon", "unknown backend type: vxlon (vxlan, host-gw, ipip and alloc are supported)")]
    [InlineData("", "unknown backend type: Backend has no Type (vxlan, host-gw, ipip and alloc are supported)")]
    public void What_is_not_supported_is_refused_with_what_is(string type, string expected) =>
        Assert.Equal($"line 1: {expected}", Refused($$$"""{"Backend":{"Type":"{{{type}}}"}}"""));

    [Theory]
    [InlineData("[]", "line 1: must be an object, not a list")]
    [InlineData(
        "{\n\"Network\": \"10.1.2.3/16\"}",
        "line 2: Network \"10.1.2.3/16\" is an address in a network: the network is 10.1.0.0/16"
    )]
    [InlineData("{\"Network\": \"10.1.0.0/33\"}", "line 1: Network \"10.1.0.0/33\" is not a network: invalid CIDR address: 10.1.0.0/33")]
    [InlineData("{\"Network\": \"fd00::/64\"}", "line 1: Network \"fd00::/64\" is not IPv4")]
    [InlineData("{\"IPv6Network\": \"10.1.0.0/16\"}", "line 1: IPv6Network \"10.1.0.0/16\" is not IPv6")]
    [InlineData("{\"Network\": 10}", "line 1: Network must be a string, not 10")]
    [InlineData("{\"SubnetLen\": \"24\"}", "line 1: SubnetLen must be a whole number, not \"24\"")]
    [InlineData("{\"SubnetLen\": 33}", "line 1: SubnetLen is 33: it must be 0 to 32")]
    [InlineData("{\n\n\"SubnetMin\": \"10.1\"}", "line 3: SubnetMin \"10.1\" is not an address")]
    [InlineData("{\"Backend\":{\"Type\":\"vxlan\",\"VNI\":16777216}}", "line 1: VNI is 16777216: it must be 1 to 16777215")]
    [InlineData("{\"Backend\":{\"Type\":\"vxlan\",\"Port\":70000}}", "line 1: Port is 70000: it must be 0 to 65535")]
    [InlineData("{\"Backend\":{\"Type\":\"vxlan\",\"Learning\":\"yes\"}}", "line 1: Learning must be true or false, not \"yes\"")]
    [InlineData("{\"Backend\":\"vxlan\"}", "line 1: Backend must be an object, not \"vxlan\"")]
    [InlineData("{\"EnableIPv4\":false}", "line 1: EnableIPv4 and EnableIPv6 are both false: there is no network left")]
    public void What_cannot_be_is_refused_with_its_line(string json, string expected) => Assert.Equal(expected, Refused(json));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"Network\":}")]
    [InlineData("{\"Network\":\"10.1.0.0/16\",}")]
    [InlineData("{} {}")]
    [InlineData("{*")]
    [InlineData("{\"Network\":\"\\ud800\"}")]
    public void What_is_no_json_is_refused(string json) => Assert.Matches("^line 1(, column [0-9]+)?: [^(]", Refused(json));

    [Fact]
    public void Null_is_as_good_as_missing()
    {
        var conf = Read("""{"EnableIPv4":null,"Network":null,"SubnetLen":null,"Backend":{"Type":"vxlan","VNI":null}}""").Conf;
        Assert.Equal(new NetConf { Backend = new BackendConf { Type = BackendType.Vxlan } }, conf);
    }

    [Fact]
    public void A_range_that_flannels_etcd_mode_refuses_is_warned_of() =>
        Assert.Equal(
            ["SubnetMin is not on a SubnetLen boundary: 10.1.1.128"],
            Read("""{"Network":"10.1.0.0/16","SubnetMin":"10.1.1.128","Backend":{"Type":"alloc"}}""").Warnings
        );
}
