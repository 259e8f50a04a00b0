using Plugboard.Coordinator.Cli;

namespace Plugboard.Tests.Unit.Coordinator.Cli;

public sealed class NodeNamesTests
{
    [Theory]
    [InlineData("N1.Example.com", "n1.example.com")]
    [InlineData(" n1\n", "n1")]
    [InlineData("n1", "n1")]
    public void A_node_s_name_is_the_host_s_as_the_kubelet_registers_it(string host, string name) =>
        Assert.Equal(name, NodeNames.AsKubelet(host));

    [Theory]
    [InlineData("n1.example.com", "n1.example.com n1", "n1.example.com")]
    [InlineData("N1.example.com", "n1.example.com", "n1.example.com")]
    [InlineData("n1.example.com", "n1 n2", "n1")]
    [InlineData("N1", "n2 N1 n1", "N1")]
    [InlineData("n1", "N1", "N1")]
    [InlineData("n1.example.com", "n2 n1.example.org", null)]
    [InlineData("n1", "n1.example.com", null)]
    public void A_list_of_nodes_may_have_the_whole_name_or_the_first_label(string host, string listed, string? name) =>
        Assert.Equal(name, NodeNames.Among(listed.Split(' '), host));

    [Fact]
    public void The_host_s_name_is_the_whole_one() =>
        Assert.Equal(File.ReadAllText("/proc/sys/kernel/hostname").Trim(), NodeNames.FindHostName());
}
