using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Masquerade.Configuration;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Coordinator.Masquerade;

/// <summary>The agent's own cases of TestSyncConfig and TestConfigValidate, and what it does not test.</summary>
public sealed class MasqueradeConfigReaderTests
{
    private static readonly MasqueradeConfig Default = MasqueradeConfig.Default(allReserved: false);

    private static MasqueradeConfig Read(string text, bool enableIPv6 = true) =>
        new MasqueradeConfigReader(Default, enableIPv6).Read(Encoding.UTF8.GetBytes(text)).Config;

    private static string Refusal(string text, bool enableIPv6 = true) =>
        Assert.Throws<MasqueradeConfigException>(() => Read(text, enableIPv6)).Message;

    private static ValueArray<IPPrefix> Networks(params string[] texts) => texts.Select(text => IPPrefix.Parse(text)).ToValueArray();

    [Theory]
    [InlineData(
        "nonMasqueradeCIDRs:\n  - 172.16.0.0/12\n  - 10.0.0.0/8\nmasqLinkLocal: true\nmasqLinkLocalIPv6: true\nresyncInterval: 5s\n"
    )]
    [InlineData(
        """{ "nonMasqueradeCIDRs": ["172.16.0.0/12", "10.0.0.0/8"], "masqLinkLocal": true, "masqLinkLocalIPv6": """
            + """true, "resyncInterval": "5s" }"""
    )]
    [InlineData(
        """{ "NONMASQUERADECIDRS": ["172.16.0.0/12", "10.0.0.0/8"], "MasqLinkLocal": true, "masqlinklocalipv6": """
            + """true, "resyncinterval": "5s" }"""
    )]
    public void All_keys_are_read_from_yaml_and_from_json_in_any_case(string text) =>
        Assert.Equal(
            Default with
            {
                NonMasqueradeCidrs = Networks("172.16.0.0/12", "10.0.0.0/8"),
                MasqLinkLocal = true,
                MasqLinkLocalIPv6 = true,
                ResyncInterval = TimeSpan.FromSeconds(5),
            },
            Read(text)
        );

    [Fact]
    public void A_key_alone_changes_nothing_else()
    {
        Assert.Equal(Default with { NonMasqueradeCidrs = Networks("192.168.0.0/16") }, Read("nonMasqueradeCIDRs:\n  - 192.168.0.0/16\n"));
        Assert.Equal(
            Default with
            {
                NonMasqueradeCidrs = Networks("192.168.0.0/16"),
            },
            Read("""{"nonMasqueradeCIDRs":["192.168.0.0/16"]}""")
        );
        Assert.Equal(Default with { MasqLinkLocal = true }, Read("masqLinkLocal: true\n"));
        Assert.Equal(Default with { MasqLinkLocal = true }, Read("""{"masqLinkLocal": true}"""));
        Assert.Equal(Default with { ResyncInterval = TimeSpan.FromMinutes(5) }, Read("resyncInterval: 5m\n"));
        Assert.Equal(Default with { CidrLimit = 70 }, Read("cidrLimit: 70"));
    }

    [Theory]
    [InlineData("""{"resyncInterval": "5m"}""", 300)]
    [InlineData("{\"resyncInterval\": \"\\u0035\\u006d\"}", 300)]
    [InlineData("resyncInterval: 1h15m30.5s", 4530.5)]
    [InlineData("resyncInterval: .5s", 0.5)]
    public void Lengths_of_time_are_gos(string text, double seconds) => Assert.Equal(seconds, Read(text).ResyncInterval.TotalSeconds);

    [Theory]
    [InlineData("")]
    [InlineData("   \n# nothing\n")]
    [InlineData("{}")]
    public void A_file_without_keys_leaves_the_defaults(string text) => Assert.Equal(Default, Read(text));

    [Fact]
    public void Null_empties_the_list_and_leaves_other_keys_alone()
    {
        Assert.Empty(Read("nonMasqueradeCIDRs: null").NonMasqueradeCidrs);
        Assert.Empty(Read("""{"nonMasqueradeCIDRs": null}""").NonMasqueradeCidrs);
        Assert.Equal(Default, Read("masqLinkLocal: null\ncidrLimit: ~\n"));
    }

    [Theory]
    [InlineData("cidrLimit: 0x10", 16)]
    [InlineData("cidrLimit: 1e2", 100)]
    [InlineData("cidrLimit: 010", 8)]
    [InlineData("cidrLimit: 08", 8)]
    [InlineData("cidrLimit: 0b110", 6)]
    [InlineData("cidrLimit: 0o17", 15)]
    [InlineData("cidrLimit: 1_000", 1000)]
    [InlineData("cidrLimit: +7", 7)]
    [InlineData("cidrLimit: 70.0", 70)]
    [InlineData("cidrLimit: 99999999999", int.MaxValue)]
    [InlineData("""{"cidrLimit": 70}""", 70)]
    public void Numbers_are_those_of_the_agents_yaml(string text, int limit) => Assert.Equal(limit, Read(text).CidrLimit);

    [Theory]
    [InlineData("cidrLimit: 1.5", "json: cannot unmarshal number 1.5 into Go struct field MasqConfig.cidrLimit of type int")]
    [InlineData("""{"cidrLimit": 1e2}""", "json: cannot unmarshal number 1e2 into Go struct field MasqConfig.cidrLimit of type int")]
    [InlineData("cidrLimit: 0x", "json: cannot unmarshal string into Go struct field MasqConfig.cidrLimit of type int")]
    [InlineData("cidrLimit: '10'", "json: cannot unmarshal string into Go struct field MasqConfig.cidrLimit of type int")]
    [InlineData("resyncInterval:", "time: invalid duration \"\"")]
    [InlineData("""{"resyncInterval": null}""", "time: invalid duration \"\"")]
    [InlineData("~: 1", "yaml: line 1: a name must be a string, not null")]
    [InlineData("masqLinkLocal: true # \0", "yaml: control characters are not allowed")]
    [InlineData("a: \u007f", "yaml: control characters are not allowed")]
    public void Numbers_nulls_and_control_characters_that_the_agent_refuses_are_refused(string text, string message) =>
        Assert.Equal(message, Refusal(text));

    [Fact]
    public void What_is_not_utf8_is_refused_and_utf16_with_its_mark_is_read()
    {
        byte[] latin = [.. "# caf"u8, 0xe9, .. "\nmasqLinkLocal: true"u8];
        byte[] wide = [0xff, 0xfe, .. Encoding.Unicode.GetBytes("masqLinkLocal: true")];

        Assert.Equal(
            "yaml: invalid leading UTF-8 octet",
            Assert.Throws<MasqueradeConfigException>(() => new MasqueradeConfigReader(Default, enableIPv6: false).Read(latin)).Message
        );
        Assert.True(new MasqueradeConfigReader(Default, enableIPv6: false).Read(wide).Config.MasqLinkLocal);
    }

    [Fact]
    public void No_message_is_longer_than_a_line_whatever_the_file_holds()
    {
        var long1 = new string('x', 100_000);
        foreach (
            var text in new[]
            {
                $"nonMasqueradeCIDRs: [{long1}]",
                $"resyncInterval: {long1}",
                $"resyncInterval: '1{long1}'",
                $"outputInterfaces: [{long1}]",
                $"{long1}: &a",
                $"cidrLimit: {long1}",
                $"snatAddresses: {{eth0: {long1}}}",
            }
        )
            Assert.InRange(Assert.ThrowsAny<MasqueradeConfigException>(() => Read($"{text}\ncidrLimit: [")).Message.Length, 1, 600);
        foreach (
            var text in new[]
            {
                $"nonMasqueradeCIDRs: [{long1}]",
                $"resyncInterval: {long1}",
                $"resyncInterval: '1{long1}'",
                $"outputInterfaces: [{long1}]",
                $"snatAddresses: {{eth0: {long1}}}",
            }
        )
            Assert.InRange(Refusal(text).Length, 1, 600);
    }

    [Fact]
    public void Ipv6_networks_need_the_flag()
    {
        const string Text = """{"nonMasqueradeCIDRs": ["10.0.0.0/8", "fc00::/7"]}""";

        Assert.Equal(Networks("10.0.0.0/8", "fc00::/7"), Read(Text).NonMasqueradeCidrs);
        Assert.Equal(
            "ipv6 is not enabled, but ipv6 cidr fc00::/7 provided. Enable ipv6 using --enable-ipv6 agent flag",
            Refusal(Text, enableIPv6: false)
        );
    }

    [Theory]
    [InlineData("*", "yaml: did not find expected alphabetic or numeric character")]
    [InlineData("{*", "invalid character '*' looking for beginning of object key string")]
    [InlineData("nonMasqueradeCIDRs: [abcdefg]", "CIDR \"abcdefg\" could not be parsed, invalid CIDR address: abcdefg")]
    [InlineData("nonMasqueradeCIDRs: [10.0.0.0/8, abcdefg]", "CIDR \"abcdefg\" could not be parsed, invalid CIDR address: abcdefg")]
    [InlineData("nonMasqueradeCIDRs: [10.256.0.0/16]", "CIDR \"10.256.0.0/16\" could not be parsed, invalid CIDR address: 10.256.0.0/16")]
    [InlineData(
        "nonMasqueradeCIDRs: [10.0.0.1/8]",
        "CIDR \"10.0.0.1/8\" is not aligned to a CIDR block, ip: \"10.0.0.1\" network: \"10.0.0.0/8\""
    )]
    [InlineData("nonMasqueradeCIDRs: [null]", "CIDR \"\" could not be parsed, invalid CIDR address: ")]
    [InlineData(
        "cidrLimit: 1\nnonMasqueradeCIDRs: [abc, def]",
        "the daemon can only accept up to 1 CIDRs (excluding link-local), but got 2 CIDRs (excluding link local)"
    )]
    [InlineData("cidrLimit: 2", "the daemon can only accept up to 2 CIDRs (excluding link-local), but got 3 CIDRs (excluding link local)")]
    [InlineData("resyncInterval: 0s", "resyncInterval must be more than zero, not 0s")]
    [InlineData("resyncInterval: -1m", "resyncInterval must be more than zero, not -60s")]
    [InlineData("resyncInterval: 5", "json: cannot unmarshal number into Go struct field MasqConfig.resyncInterval of type string")]
    [InlineData("resyncInterval: five", "time: invalid duration \"five\"")]
    [InlineData("resyncInterval: 5x", "time: unknown unit \"x\" in duration \"5x\"")]
    [InlineData("masqLinkLocal: 1", "json: cannot unmarshal number into Go struct field MasqConfig.masqLinkLocal of type bool")]
    [InlineData("[1, 2]", "json: cannot unmarshal array into Go value of type config.MasqConfig")]
    [InlineData("snatAddresses: {eth1: [203.0.113.5, 203.0.113.6]}", "snatAddresses names two IPv4 addresses for link \"eth1\"")]
    [InlineData("snatAddresses: {eth1: 203.0.113}", "snatAddresses: \"203.0.113\" is not an address")]
    [InlineData("outputInterfaces: [eth+]", "\"eth+\" is a pattern, and only whole names of links count here: name each link")]
    [InlineData("snatAddresses: {'wl*': 203.0.113.5}", "\"wl*\" is a pattern, and only whole names of links count here: name each link")]
    [InlineData("outputInterfaces: ['a b']", "\"a b\" is not a valid link name")]
    public void What_cannot_be_used_is_refused_in_the_agents_words(string text, string message) => Assert.Equal(message, Refusal(text));

    [Theory]
    [InlineData("masqLinkLocal: yes", true)]
    [InlineData("masqLinkLocal: On", true)]
    [InlineData("masqLinkLocal: y", true)]
    [InlineData("masqLinkLocal: true\nmasqLinkLocal: NO", false)]
    [InlineData("masqLinkLocal: true\nMASQLINKLOCAL: off", false)]
    [InlineData("""{"masqLinkLocal": false, "masqLinkLocal": true}""", true)]
    [InlineData("masqLinkLocal: true\n---\nmasqLinkLocal: false", true)]
    public void Yaml_is_as_lenient_as_the_agents_of_two_the_last_key_and_the_first_document_count(string text, bool masquerades) =>
        Assert.Equal(Default with { MasqLinkLocal = masquerades }, Read(text));

    [Theory]
    [InlineData("masqLinkLocal: 'yes'", "json: cannot unmarshal string into Go struct field MasqConfig.masqLinkLocal of type bool")]
    [InlineData("resyncInterval: yes", "json: cannot unmarshal bool into Go struct field MasqConfig.resyncInterval of type string")]
    [InlineData(
        "nonMasqueradeCIDRs: [10.0.0.0/8, 5]",
        "json: cannot unmarshal number into Go struct field MasqConfig.nonMasqueradeCIDRs of type string"
    )]
    [InlineData(
        "snatAddresses: {eth1: {a: b}}",
        "json: cannot unmarshal object into Go struct field MasqConfig.snatAddresses of type []string"
    )]
    [InlineData("{\n\"cidrLimit\": 5\n\"x\": 1}", "json: line 3, column 1: \"\"\": a comma or the closing bracket is expected")]
    [InlineData("a: b\nc: @", "yaml: line 2: While scanning for the next token, found character that cannot start any token.")]
    public void What_is_of_another_kind_is_named_by_its_key_and_what_is_no_document_by_its_line(string text, string message) =>
        Assert.Equal(message, Refusal(text));

    [Fact]
    public void Unknown_keys_are_named_once()
    {
        var (config, warnings) = new MasqueradeConfigReader(Default, enableIPv6: false).Read(
            "nonMasqueradeCIDR: [10.0.0.0/8]\nmasqLinklocal: true\nx: 1\n"u8
        );

        Assert.Equal(Default with { MasqLinkLocal = true }, config);
        Assert.Equal(
            [
                "key \"nonMasqueradeCIDR\" is unknown and has no effect (did you mean \"nonMasqueradeCIDRs\"?)",
                "key \"x\" is unknown and has no effect",
            ],
            warnings
        );
    }

    [Fact]
    public void Our_own_keys_are_read()
    {
        var config = Read(
            """
            masqueradeCIDRs: [0.0.0.0/0]
            outputInterfaces: [eth0, eth1]
            snatAddresses:
              eth1: 203.0.113.5
              eth0: [203.0.113.6, "2001:db8::6"]
            """
        );

        Assert.Equal(Networks("0.0.0.0/0"), config.MasqueradeCidrs);
        Assert.Empty(config.NonMasqueradeCidrs);
        Assert.Equal(["eth0", "eth1"], config.OutputInterfaces!.Value);
        Assert.Equal(
            ["eth1 203.0.113.5", "eth0 203.0.113.6", "eth0 2001:db8::6"],
            config.SnatAddresses.Select(each => $"{each.Link} {each.Address}")
        );
    }

    [Fact]
    public void Both_lists_together_are_both_in_force() =>
        Assert.Equal(Networks("10.0.0.0/8"), Read("masqueradeCIDRs: [0.0.0.0/0]\nnonMasqueradeCIDRs: [10.0.0.0/8]").NonMasqueradeCidrs);

    [Fact]
    public void Depth_length_and_aliases_are_bounded()
    {
        Assert.Contains("deeper", Refusal(string.Concat(Enumerable.Repeat("[", 100))), StringComparison.Ordinal);
        Assert.Contains("longer than", Refusal(new string(' ', MasqueradeConfigReader.LongestText + 1)), StringComparison.Ordinal);
        Assert.Contains("aliases", Refusal("a: &a [x]\nb: [*a, *a]"), StringComparison.Ordinal);
    }
}
