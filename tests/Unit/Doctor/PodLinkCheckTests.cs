using Plugboard.Doctor;
using Plugboard.Doctor.Checks;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Tests.Unit.Doctor;

public sealed class PodLinkCheckTests
{
    private const string Path = "/run/netns/v";

    private static Link Link(int index, string name, string kind, int master = 0) =>
        new()
        {
            Index = index,
            Name = name,
            Kind = kind,
            MasterIndex = master,
        };

    private static IEnumerable<Finding> Judge(params Link[] links) => PodLinkCheck.Judge(links, new HashSet<string> { "blue" }, Path);

    [Fact]
    public void A_VRF_of_a_config_without_an_interface_is_found_with_the_command_that_removes_it()
    {
        var finding = Assert.Single(Judge(Link(2, "blue", "vrf"), Link(3, "net1", "veth")));
        Assert.Equal((FindingIds.VrfEmpty, "`nsenter --net=/run/netns/v ip link delete blue`"), (finding.Id, finding.Remedy));
    }

    // A program in the pod may have VRFs of its own.
    [Fact]
    public void A_VRF_with_an_interface_or_of_no_config_is_well() =>
        Assert.Empty(Judge(Link(2, "blue", "vrf"), Link(3, "net1", "veth", master: 2), Link(4, "red", "vrf")));

    [Theory]
    [InlineData("macvlan", "a macvlan")]
    [InlineData("ipvlan", "a ipvlan")]
    [InlineData("vlan", "a vlan")]
    [InlineData("tun", "a tap device")]
    public void A_link_with_a_name_of_a_moment_is_found(string kind, string word)
    {
        var finding = Assert.Single(Judge(Link(2, "veth0a1b2c3d", kind)));
        Assert.Equal(FindingIds.LinkLeftover, finding.Id);
        Assert.Contains(word, finding.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("veth0a1b2c3d", "veth")]
    [InlineData("net1", "macvlan")]
    [InlineData("veth0a1b2c3d4", "macvlan")]
    [InlineData("vethXa1b2c3d", "tun")]
    public void A_pair_and_a_link_with_a_name_for_good_are_well(string name, string kind) => Assert.Empty(Judge(Link(2, name, kind)));
}
