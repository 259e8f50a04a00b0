using Plugboard.Coordinator.Masquerade;

namespace Plugboard.Tests.Unit.Coordinator.Masquerade;

/// <summary>The agent's cases of pkg/interval, and the checks that it lacks.</summary>
public sealed class PortRangesTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("1", 1)]
    [InlineData("1-1", 1)]
    [InlineData("1024-29999,32768-65535", 61744)]
    [InlineData("60000-61000,61001,62000-62001", 1004)]
    public void Ranges_are_read_and_counted(string text, int count) => Assert.Equal(count, PortRanges.Parse(text).Count);

    [Fact]
    public void A_range_of_one_port_is_written_as_one() => Assert.Equal("5,7-8", PortRanges.Parse("5-5,7-8").ToString());

    [Theory]
    [InlineData("x")]
    [InlineData("1-")]
    [InlineData("-1")]
    [InlineData("1-2-3")]
    [InlineData("1, 2")]
    [InlineData("1,")]
    [InlineData("0")]
    [InlineData("0-100")]
    [InlineData("65536")]
    [InlineData("1-65536")]
    [InlineData("20-10")]
    [InlineData("1-10,10-20")]
    [InlineData("5,1-10")]
    [InlineData("+5")]
    public void What_is_no_range_or_overlaps_another_is_refused(string text) =>
        Assert.Throws<FormatException>(() => PortRanges.Parse(text));

    [Fact]
    public void The_refusal_names_what_is_wrong() =>
        Assert.Equal(
            "port range \"10-20\" overlaps \"1-10\"",
            Assert.Throws<FormatException>(() => PortRanges.Parse("1-10,10-20")).Message
        );
}
