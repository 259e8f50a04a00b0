using Plugboard.HostDevice;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.HostDevice;

public sealed class SriovConfigTests
{
    private const string Prefix = "SRIOV-CNI failed to load netconf: LoadConf(): ";

    private static SriovConfig Parse(string keys, string args = "")
    {
        var text = System.Text.Encoding.UTF8.GetBytes($$"""{"cniVersion":"1.0.0","name":"n","type":"sriov"{{keys}}}""");
        var config = NetworkConfig.Parse(text);
        return SriovConfig.Parse(
            new CniRequest
            {
                Verb = CniVerb.Add,
                StdinBytes = text,
                Config = config.Root,
                NetworkName = config.Name,
                CniVersion = config.DecodeVersion(),
                Args = args,
            }
        );
    }

    [Fact]
    public void Without_settings_nothing_is_changed()
    {
        var config = Parse(""","deviceID":"0000:01:10.0" """);
        Assert.Equal("0000:01:10.0", config.DeviceId);
        Assert.Empty(VfSettings.Plan(config, new VirtualFunction { Number = 3 }));
    }

    [Theory]
    [InlineData("", "VF pci addr is required")]
    [InlineData(""","deviceID":"../x" """, "invalid deviceID \"../x\"")]
    [InlineData(""","deviceID":"a","vlan":5000""", "vlan id 5000 invalid: value must be in the range 0-4094")]
    [InlineData(""","deviceID":"a","vlan":-1""", "vlan id -1 invalid: value must be in the range 0-4094")]
    [InlineData(""","deviceID":"a","vlan":5,"vlanQoS":8""", "vlan QoS 8 invalid: value must be in the range 0-7")]
    [InlineData(""","deviceID":"a","vlanQoS":1""", "vlan id must be configured to set vlan QoS")]
    [InlineData(""","deviceID":"a","vlan":0,"vlanQoS":1""", "non-zero vlan id must be configured to set vlan QoS to a non-zero value")]
    [InlineData(""","deviceID":"a","vlan":0,"vlanProto":"802.1AD" """, "non-zero vlan id must be configured to set vlan proto 802.1ad")]
    [InlineData(""","deviceID":"a","vlan":5,"vlanProto":"802.1x" """, "vlan Proto 802.1x invalid: value must be '802.1Q' or '802.1ad'")]
    [InlineData(""","deviceID":"a","link_state":"up" """, "invalid link_state value: up")]
    [InlineData(""","deviceID":"a","max_tx_rate":-1""", "invalid tx rate: it must not be negative")]
    [InlineData(""","deviceID":"a","min_tx_rate":9,"max_tx_rate":8""", "min_tx_rate is greater than max_tx_rate")]
    public void What_is_wrong_is_refused(string keys, string message)
    {
        var e = Assert.Throws<CniException>(() => Parse(keys));
        Assert.Equal((CniErrorCode.InvalidNetworkConfig, Prefix + message), (e.Code, e.Message));
    }

    // As device plugins and Multus write it; as people do.
    [Theory]
    [InlineData(""","deviceID":"0000:af:10.4","pciBusID":"0000:af:10.4" """, "0000:af:10.4")]
    [InlineData(""","deviceID":"0000:AF:10.4" """, "0000:af:10.4")]
    [InlineData(""","deviceID":"AF:10.4" """, "0000:af:10.4")]
    [InlineData(""","deviceID":"10000:E1:00.7" """, "10000:e1:00.7")]
    [InlineData(""","deviceID":"af:10.8" """, "af:10.8")]
    [InlineData(""","runtimeConfig":{"deviceID":"0000:AF:10.4"}""", "0000:af:10.4")]
    [InlineData(""","deviceID":"0000:af:10.2","runtimeConfig":{"deviceID":"0000:af:10.4"}""", "0000:af:10.2")]
    public void A_function_has_one_spelling(string keys, string expected) => Assert.Equal(expected, Parse(keys).DeviceId);

    [Theory]
    [InlineData(""","vlan":"100" """)]
    [InlineData(""","max_tx_rate":"100" """)]
    [InlineData(""","vlan":1.5""")]
    [InlineData(""","trust":true""")]
    [InlineData(""","runtimeConfig":{"deviceID":7}""")]
    public void A_value_of_another_type_is_refused_and_DEL_reads_past_it(string keys)
    {
        var device = keys.Contains("deviceID", StringComparison.Ordinal) ? "" : ""","deviceID":"0000:01:10.0" """;
        Assert.Equal(CniErrorCode.DecodingFailure, Assert.Throws<CniException>(() => Parse(device + keys)).Code);
        var node = NetworkConfig
            .Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"cniVersion":"1.0.0","name":"n","type":"sriov"{{device}}{{keys}}}"""))
            .Root;
        Assert.Equal(device.Length > 0 ? "0000:01:10.0" : "", SriovConfig.FindDevice(node));
    }

    [Theory]
    [InlineData("on", true)]
    [InlineData("off", false)]
    [InlineData("On", false)]
    [InlineData("yes", false)]
    [InlineData("", null)]
    public void Only_on_is_on(string word, bool? expected)
    {
        var config = Parse($$""","deviceID":"a","trust":"{{word}}","spoofchk":"{{word}}" """);
        Assert.Equal((expected, expected), (config.Trust, config.SpoofCheck));
    }

    [Theory]
    [InlineData(""","mac":"02:00:00:00:00:0A" """, "", "02:00:00:00:00:0a")]
    [InlineData(""","mac":"02:00:00:00:00:0A" """, "IgnoreUnknown=1;K8S_POD_NAME=x;MAC=02:00:00:00:00:0b", "02:00:00:00:00:0b")]
    [InlineData(""","runtimeConfig":{"mac":"02:00:00:00:00:0c"}""", "MAC=02:00:00:00:00:0b", "02:00:00:00:00:0c")]
    public void The_closest_address_wins(string keys, string args, string expected) =>
        Assert.Equal(expected, Parse(""","deviceID":"a" """ + keys, args).Mac.ToString());

    [Fact]
    public void The_settings_come_in_the_order_of_the_reference_each_with_its_undo()
    {
        var config = Parse(
            ""","deviceID":"a","vlan":5,"vlanQoS":2,"vlanProto":"802.1ad","mac":"02:00:00:00:00:01" """
                + """ ,"max_tx_rate":7,"spoofchk":"on","trust":"x","link_state":"enable" """
        );
        var before = new VirtualFunction
        {
            Number = 1,
            Vlan = new VfVlan(9, 1, VlanProtocol.Ieee8021Q),
            MinTxRate = 3,
            SpoofCheck = false,
            LinkState = VfLinkState.Disable,
        };
        var plan = VfSettings.Plan(config, before);
        VfChange[] changes =
        [
            new(1) { Vlan = new VfVlan(5, 2, VlanProtocol.Ieee8021AD) },
            new(1) { Mac = Addresses.MacAddress.Parse("02:00:00:00:00:01") },
            new(1) { Rates = (0, 7) },
            new(1) { SpoofCheck = true },
            new(1) { Trust = false },
            new(1) { LinkState = VfLinkState.Enable },
        ];
        Assert.Equal(changes, plan.Select(static setting => setting.Change));
        VfChange?[] undo =
        [
            new(1) { Vlan = before.Vlan },
            new(1) { Mac = default(Addresses.MacAddress) },
            new(1) { Rates = (3, 0) },
            new(1) { SpoofCheck = false },
            // The driver does not say how it was.
            null,
            new(1) { LinkState = VfLinkState.Disable },
        ];
        Assert.Equal(undo, plan.Select(static setting => setting.Undo));
    }

    [Fact]
    public void Only_what_differs_is_restored_and_only_what_was_configured()
    {
        var before = new VirtualFunction
        {
            Number = 1,
            SpoofCheck = true,
            Trust = false,
            LinkState = VfLinkState.Auto,
        };
        var config = Parse(""","deviceID":"a","vlan":5,"spoofchk":"on","mac":"02:00:00:00:00:01" """);
        var now = before with
        {
            Vlan = new VfVlan(5, 0, VlanProtocol.Ieee8021Q),
            Mac = Addresses.MacAddress.Parse("02:00:00:00:00:01"),
            Trust = true,
        };
        VfChange[] changes = [new(1) { Vlan = VfVlan.None }, new(1) { Mac = default(Addresses.MacAddress) }];
        Assert.Equal(changes, VfSettings.PlanRestoration(config, before, now).Select(static setting => setting.Change));
        Assert.Empty(VfSettings.PlanRestoration(config, before, before));
        Assert.Null(VfSettings.FindDifference(config, now));
        Assert.Equal("vlan, vlanQoS and vlanProto", VfSettings.FindDifference(config, before)!.Keys);
    }
}
