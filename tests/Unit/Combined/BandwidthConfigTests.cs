using System.Text;
using Plugboard.Addresses;
using Plugboard.Combined.Bandwidth;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Combined;

public sealed class BandwidthConfigTests
{
    private static ConfigNode Node(string keys) =>
        NetworkConfig.Parse(Encoding.UTF8.GetBytes($$"""{"cniVersion":"1.0.0","name":"n","type":"bandwidth"{{keys}}}""")).Root;

    private static BandwidthConfig Parse(string keys) => BandwidthConfig.Parse(Node(keys));

    private static CniException Refused(string keys) => Assert.Throws<CniException>(() => Parse(keys));

    [Fact]
    public void Without_keys_nothing_is_limited() => Assert.True(Parse("").IsEmpty);

    [Fact]
    public void Ingress_is_towards_the_container()
    {
        var config = Parse(""","ingressRate":8000000,"ingressBurst":800000""");
        Assert.Equal(TokenBucket.Of(1_000_000, 100_000, 25), config.ToContainer);
        Assert.Null(config.FromContainer);
    }

    [Fact]
    public void Limits_of_the_runtime_are_taken_where_the_config_has_none()
    {
        var config = Parse(""","runtimeConfig":{"bandwidth":{"egressRate":8000000,"egressBurst":800000}}""");
        Assert.Equal(TokenBucket.Of(1_000_000, 100_000, 25), config.FromContainer);
        Assert.Null(config.ToContainer);
    }

    // As Go decodes an embedded struct.
    [Theory]
    [InlineData(""","ingressRate":0""")]
    [InlineData(""","EGRESSBURST":null""")]
    public void Any_limit_of_the_config_even_none_switches_those_of_the_runtime_off(string keys) =>
        Assert.True(Parse(keys + ""","runtimeConfig":{"bandwidth":{"egressRate":8000000,"egressBurst":800000}}""").IsEmpty);

    [Fact]
    public void Latency_and_maxBurst_do_not_switch_those_of_the_runtime_off()
    {
        var config = Parse(
            ""","latency":50,"maxBurst":100,"runtimeConfig":{"bandwidth":{"ingressRate":100000000,"ingressBurst":2147483647}}"""
        );
        Assert.Equal(TokenBucket.Of(12_500_000, 1_250_000, 50), config.ToContainer);
    }

    [Theory]
    [InlineData(""","egressRate":80000000""", 10_000_000, 1_000_000)]
    [InlineData(""","egressRate":80000""", 10_000, 32_768)]
    [InlineData(""","egressRate":80000000,"maxBurst":50""", 10_000_000, 500_000)]
    [InlineData(""","egressRate":80000000,"egressBurst":80000,"maxBurst":50""", 10_000_000, 10_000)]
    [InlineData(""","egressRate":18446744073709551615,"shapedSubnets":["10.0.0.0/8"]""", ulong.MaxValue / 8, uint.MaxValue - 1)]
    public void A_rate_without_a_burst_has_one_of_a_tenth_of_a_second(string keys, ulong rate, uint burst) =>
        Assert.Equal(TokenBucket.Of(rate, burst, 25), Parse(keys).FromContainer);

    [Theory]
    [InlineData(""","ingressRate":8000,"ingressBurst":0""", CniErrorCode.InvalidNetworkConfig, "if rate is set, burst must also be set")]
    [InlineData(""","ingressBurst":8000""", CniErrorCode.InvalidNetworkConfig, "if burst is set, rate must also be set")]
    [InlineData(""","egressRate":8,"egressBurst":34359738360""", CniErrorCode.InvalidNetworkConfig, "burst cannot be more than 4GB")]
    [InlineData(""","egressRate":7""", CniErrorCode.InvalidNetworkConfig, "invalid rate: 7")]
    [InlineData(""","egressRate":8,"egressBurst":7""", CniErrorCode.InvalidNetworkConfig, "invalid burst: 7")]
    [InlineData(
        ""","ingressRate":9223372036854775807,"ingressBurst":8000""",
        CniErrorCode.InvalidNetworkConfig,
        "ingressRate is too high: its burst lasts less than a microsecond"
    )]
    [InlineData(""","egressRate":8,"latency":60001""", CniErrorCode.InvalidNetworkConfig, "invalid latency 60001")]
    [InlineData(""","egressRate":8,"maxBurst":0""", CniErrorCode.InvalidNetworkConfig, "invalid maxBurst 0")]
    [InlineData(
        ""","shapedSubnets":["10.0.0.0/8"],"unshapedSubnets":["10.0.0.0/8"]""",
        CniErrorCode.InvalidNetworkConfig,
        "unshapedSubnets and shapedSubnets cannot be both specified, one of them should be discarded"
    )]
    [InlineData(
        ""","egressRate":8,"unshapedSubnets":["10.0.0.0/8","hello"]""",
        CniErrorCode.InvalidNetworkConfig,
        "bad subnet \"hello\" provided, details invalid CIDR address: hello"
    )]
    [InlineData(
        ""","runtimeConfig":{"bandwidth":{"egressRate":8,"shapedSubnets":["fd00::/129"]}}""",
        CniErrorCode.InvalidNetworkConfig,
        "bad subnet \"fd00::/129\" provided, details invalid CIDR address: fd00::/129"
    )]
    public void A_wrong_value_is_refused(string keys, CniErrorCode code, string message)
    {
        var refusal = Refused(keys);
        Assert.Equal((code, message), (refusal.Code, refusal.Message));
        Assert.NotEmpty(refusal.Details + refusal.Advice);
    }

    // The reference's 1.5 takes a list in the config for a limit, which switches the runtime's off.
    [Theory]
    [InlineData(""","runtimeConfig":{"bandwidth":{"egressRate":8,"shapedSubnets":["10.0.0.0/8"]}}""")]
    [InlineData(""","shapedSubnets":["10.0.0.0/8"],"runtimeConfig":{"bandwidth":{"egressRate":8}}""")]
    [InlineData(""","unshapedSubnets":["fd00::/8"],"runtimeConfig":{"bandwidth":{"egressRate":8,"shapedSubnets":["10.3.2.1/8"]}}""")]
    [InlineData(""","egressRate":8,"shapedSubnets":["10.0.0.0/8"],"unshapedSubnets":[],"runtimeConfig":{}""")]
    [InlineData(""","egressRate":8,"shapedSubnets":["::ffff:10.0.0.0/104"],"unshapedSubnets":null""")]
    public void Subnets_are_the_pods_or_those_of_the_network(string keys)
    {
        var config = Parse(keys);
        Assert.NotNull(config.FromContainer);
        Assert.Equal(new SubnetSelection([IPPrefix.Parse("10.0.0.0/8")], AreExempt: false), config.Subnets);
    }

    [Theory]
    [InlineData("\"10.0.0.0/8\"")]
    [InlineData("[1]")]
    [InlineData("{}")]
    public void Subnets_that_are_no_list_of_texts_are_refused(string value) =>
        Assert.Equal(CniErrorCode.DecodingFailure, Refused($$""","egressRate":8,"shapedSubnets":{{value}}""").Code);

    [Theory]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("-1")]
    [InlineData("18446744073709551616")]
    [InlineData("\"8M\"")]
    [InlineData("true")]
    public void A_number_that_Go_does_not_read_as_one_of_64_bits_is_refused(string number) =>
        Assert.Equal(CniErrorCode.DecodingFailure, Refused($""","egressRate":{number}""").Code);

    [Theory]
    [InlineData(""","egressRat":8""", "egressRat: is not a key of bandwidth and has no effect")]
    [InlineData(""","egressBurst":8""", "config: if burst is set, rate must also be set")]
    [InlineData(
        ""","egressRate":8000,"latency":25,"shapedSubnets":["10.0.0.0/8"]""",
        "latency: has no effect with subnets, where the queue has a length in packets"
    )]
    [InlineData(
        ""","ingressRate":8000,"ingressBurst":8000""",
        "ingressBurst: 1000 bytes are less than a full Ethernet frame (1514): larger packets are dropped"
    )]
    public void Validate_has_a_sentence_for_each_fault(string keys, string problem) =>
        Assert.Equal([problem], BandwidthConfig.Validate(Node(keys)));

    [Theory]
    [InlineData("")]
    [InlineData(""","ingressRate":8000000,"ingressBurst":800000,"latency":5,"maxBurst":60000,"capabilities":{"bandwidth":true}""")]
    public void Validate_finds_nothing_wrong_with_a_right_config(string keys) => Assert.Empty(BandwidthConfig.Validate(Node(keys)));
}
