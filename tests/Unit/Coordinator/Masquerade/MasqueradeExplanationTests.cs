using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Masquerade.Configuration;

namespace Plugboard.Tests.Unit.Coordinator.Masquerade;

public sealed class MasqueradeExplanationTests
{
    private static readonly ClusterView View = new()
    {
        Network = new NetConf { Network = IPPrefix.Parse("100.64.0.0/16") },
        Self = new LocalNode { Name = "n", PodCidrs = [IPPrefix.Parse("100.64.1.0/24")] },
    };

    private static readonly MasqueradeConfig Config = new()
    {
        MasqueradeCidrs = [IPPrefix.Parse("100.0.0.0/8"), IPPrefix.Parse("10.0.0.0/8"), IPPrefix.Parse("203.0.113.0/24")],
        OutputInterfaces = ["eth0", "eth1"],
        SnatAddresses = [new SnatAddress("eth1", IPAddr.Parse("198.51.100.7"))],
    };

    [Theory]
    [InlineData("203.0.113.1", "eth0", true, "203.0.113.1 is not exempt")]
    [InlineData("203.0.113.1", "eth1", true, "snatAddresses of link eth1")]
    [InlineData("203.0.113.1", "eth2", false, "link eth2 is not in outputInterfaces")]
    [InlineData("8.8.8.8", "eth0", false, "8.8.8.8 is in no network of masqueradeCIDRs")]
    [InlineData("10.1.2.3", "eth0", false, "10.1.2.3 is in 10.0.0.0/8: nonMasqueradeCIDRs")]
    [InlineData("100.64.1.9", "eth0", false, "100.64.1.9 is in 100.64.1.0/24: pods of the cluster")]
    [InlineData("169.254.169.254", "eth0", false, "169.254.169.254 is in 169.254.0.0/16: link-local")]
    [InlineData("2001:db8::1", "eth0", false, "without --enable-ipv6 IPv6 is not masqueraded")]
    public void The_agents_rules_are_reported_by_the_one_that_decides(string destination, string link, bool isMasqueraded, string why)
    {
        var told = MasqueradeExplanation.OfAgent(new MasqueradeOptions(), Config, View, (IPAddr.Parse(destination), link));

        Assert.Equal((isMasqueraded, why), (told.IsMasqueraded, told.Why));
        Assert.Equal(link == "eth1" ? "198.51.100.7" : "", $"{told.Address}");
    }

    [Theory]
    [InlineData("100.64.1.2", "203.0.113.1", true)]
    [InlineData("100.64.1.2", "100.64.2.2", false)]
    [InlineData("100.64.2.2", "100.64.1.2", false)]
    [InlineData("203.0.113.1", "100.64.1.2", false)]
    [InlineData("203.0.113.1", "100.64.2.2", true)]
    [InlineData("100.64.1.2", "224.0.0.5", false)]
    [InlineData("203.0.113.1", "203.0.113.2", false)]
    public void Flannels_rules_are_reported(string source, string destination, bool isMasqueraded) =>
        Assert.Equal(isMasqueraded, MasqueradeExplanation.OfFlannel(View, IPAddr.Parse(source), IPAddr.Parse(destination)).IsMasqueraded);
}
