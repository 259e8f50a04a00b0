using Plugboard.Combined.Bandwidth;
using Plugboard.Netlink.Route.Traffic;

namespace Plugboard.Tests.Unit.Combined;

/// <summary>The reference's numbers, which were read from the kernel after its ADD.</summary>
public sealed class TokenBucketTests
{
    [Theory]
    [InlineData(8_000_000, 800_000, 1_000_000, 125_000, 1_562_500)]
    [InlineData(16_000_000, 1_600_000, 2_000_000, 250_000, 1_562_500)]
    [InlineData(40_000_000_000, 34_359_738_000, 5_000_000_000, 124_999_954, 13_421_765)]
    [InlineData(1_000_000, 2_147_483_647, 125_000, 268_438_580, 3_489_660_803)]
    [InlineData(123_456, 456_000, 15_432, 57_385, 57_712_859)]
    public void A_limit_has_the_references_numbers(ulong rateBits, ulong burstBits, ulong rate, uint limit, uint buffer)
    {
        var bucket = TokenBucket.Of(rateBits / 8, (uint)(burstBits / 8), 25);
        Assert.Equal(new Tbf(rate, limit, buffer), bucket.Tbf);
        Assert.Null(bucket.FindDifference(bucket.Wrapped));
    }

    [Fact]
    public void A_queue_that_wraps_to_ten_bytes_is_the_largest_instead()
    {
        var bucket = TokenBucket.Of(2_000_000, 4_294_917_306, 25);
        Assert.Equal((uint.MaxValue, 10u), (bucket.Tbf.Limit, bucket.Wrapped.Limit));
        Assert.Null(bucket.FindDifference(bucket.Tbf));
        Assert.Null(bucket.FindDifference(bucket.Tbf with { Limit = 10 }));
    }

    // 2^32 ticks and one microsecond.
    [Fact]
    public void A_bucket_that_wraps_to_less_than_a_packet_is_the_largest_instead()
    {
        var bucket = TokenBucket.Of(1_000_000, 274_877_907, 25);
        Assert.Equal((uint.MaxValue, 0u), (bucket.Tbf.Buffer, bucket.Wrapped.Buffer));
        Assert.Null(bucket.FindDifference(bucket.Wrapped));
    }

    [Fact]
    public void The_latency_is_the_queue_beyond_the_burst() =>
        Assert.Equal(100_000u + 50_000u, TokenBucket.Of(1_000_000, 100_000, 50).Tbf.Limit);

    [Fact]
    public void A_bucket_holds_its_burst() => Assert.Equal(100_000ul, TokenBucket.Of(1_000_000, 100_000, 25).Capacity);

    [Theory]
    [InlineData(1_000_001, 125_000, 1_562_500, "Rate doesn't match: 1000001 bytes per second instead of 1000000")]
    [InlineData(1_000_000, 125_001, 1_562_500, "Limit doesn't match: 125001 bytes instead of 125000")]
    [InlineData(1_000_000, 125_000, 1_562_501, "Buffer doesn't match: 1562501 ticks instead of 1562500")]
    [InlineData(1_000_000, 125_000, 1_562_500, null)]
    public void A_difference_is_told_with_both_numbers(ulong rate, uint limit, uint buffer, string? difference) =>
        Assert.Equal(difference, TokenBucket.Of(1_000_000, 100_000, 25).FindDifference(new Tbf(rate, limit, buffer)));

    [Theory]
    [InlineData("bwcid1", "bwp301e6c256607")]
    [InlineData("bwcid2", "bwp9264f9de13b5")]
    [InlineData("bwq", "bwp1e136bd0aff5")]
    public void The_ifb_has_the_references_name(string text, string name) => Assert.Equal(name, ShapingDevice.NameOf(text));
}
