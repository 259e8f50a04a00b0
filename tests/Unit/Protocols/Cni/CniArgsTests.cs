using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class CniArgsTests
{
    [Fact]
    public void Known_keys_are_found_by_their_exact_name()
    {
        var args = CniArgs.Parse("MAC=a;IgnoreUnknown=1;mac=b;K8S_POD_NAME=x", "MAC", "IP");
        Assert.Equal("a", args.Find("MAC"));
        Assert.Null(args.Find("mac"));
        Assert.Null(args.Find("IP"));
    }

    [Fact]
    public void Of_several_the_last_wins() => Assert.Equal("b", CniArgs.Parse("MAC=a;MAC=b", "MAC").Find("MAC"));

    [Theory]
    [InlineData("K8S_POD_NAME=x", "ARGS: unknown args [\"K8S_POD_NAME=x\"]")]
    [InlineData("a=1;MAC=2;b=3", "ARGS: unknown args [\"a=1\" \"b=3\"]")]
    [InlineData("a=1;IgnoreUnknown=false", "ARGS: unknown args [\"a=1\"]")]
    [InlineData("MAC=x;", "ARGS: invalid pair \"\"")]
    [InlineData("MAC", "ARGS: invalid pair \"MAC\"")]
    [InlineData("MAC=a=b", "ARGS: invalid pair \"MAC=a=b\"")]
    [InlineData("IgnoreUnknown=yes", "ARGS: error parsing value of pair \"IgnoreUnknown=yes\": boolean unmarshal error: invalid input yes")]
    public void What_the_reference_refuses_is_refused_in_its_words(string text, string message)
    {
        var error = Assert.Throws<CniException>(() => CniArgs.Parse(text, "MAC"));
        Assert.Equal((CniErrorCode.InvalidEnvironment, message), (error.Code, error.Message));
        Assert.NotEqual("", error.Details);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("TRUE")]
    [InlineData("true")]
    public void Unknown_keys_can_be_ignored(string value) => Assert.Null(CniArgs.Parse($"IgnoreUnknown={value};a=b").Find("a"));

    [Theory]
    [InlineData("")]
    [InlineData("a=1;;MAC=x;=;b")]
    [InlineData("IgnoreUnknown=maybe")]
    public void Leniently_nothing_is_refused(string text) =>
        Assert.Equal(text.Contains("MAC=x", StringComparison.Ordinal) ? "x" : null, CniArgs.ParseLeniently(text, "MAC").Find("MAC"));
}
