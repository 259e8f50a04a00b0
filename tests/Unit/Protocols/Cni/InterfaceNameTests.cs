using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class InterfaceNameTests
{
    [Theory]
    [InlineData("", "is empty")]
    [InlineData("sixteen-bytes-xx", "is longer than 15 bytes")]
    [InlineData("ääääääää", "is longer than 15 bytes")]
    [InlineData(".", "names a directory")]
    [InlineData("..", "names a directory")]
    [InlineData("all", "settings of all links")]
    [InlineData("default", "settings of all links")]
    [InlineData("a/b", "slash")]
    [InlineData("a:b", "colon")]
    [InlineData("br%d", "pattern")]
    [InlineData("100%", "pattern")]
    [InlineData("a b", "blank")]
    [InlineData("a\tb", "blank")]
    [InlineData("a\u00a0", "blank")]
    [InlineData("à", "0xa0")]
    [InlineData("a\0b", "control character")]
    [InlineData("a\u007f", "control character")]
    public void A_name_that_the_kernel_refuses_or_reads_as_a_pattern_has_a_fault(string name, string fault) =>
        Assert.Contains(fault, InterfaceName.FindFault(name), StringComparison.Ordinal);

    [Theory]
    [InlineData("cni0")]
    [InlineData("fifteen-bytes-x")]
    [InlineData("br.100")]
    [InlineData("-a_b@c")]
    [InlineData("brücke")]
    [InlineData("...")]
    [InlineData("all0")]
    [InlineData("Default")]
    public void A_name_that_the_kernel_takes_has_none(string name) => Assert.Null(InterfaceName.FindFault(name));
}
