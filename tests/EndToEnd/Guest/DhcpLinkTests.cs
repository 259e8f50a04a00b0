namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// Addresses by DHCP on interfaces that this machine's kernel may lack: what dhcp.sh did and saw. A step here is a step there.
/// </summary>
[Collection("guests of networks: one at a time")]
public sealed class DhcpLinkTests(ChildLinkTests.Fixture guest)
{
    // They have one hardware address: the identifiers tell them apart, and the kernel finds them by broadcast.
    [GuestFact]
    public void The_ipvlans_of_a_link_get_an_address_each_and_give_their_own_back()
    {
        foreach (var pod in (string[])["a", "b"])
        {
            guest.Succeeded($"dhcp-ipvlan-{pod}", $"dhcp-ipvlan-{pod}-reach", $"dhcp-ipvlan-{pod}-check", $"dhcp-ipvlan-{pod}-del");
            Assert.Contains(AddressOf($"dhcp-ipvlan-{pod}"), guest.Step("dhcp-ipvlan-leases").Output.Split('\n'));
        }

        Assert.NotEqual(AddressOf("dhcp-ipvlan-a"), AddressOf("dhcp-ipvlan-b"));
        Assert.Equal(AddressOf("dhcp-ipvlan-b"), guest.Step("dhcp-ipvlan-left").Output);
        Assert.Equal("", guest.Step("dhcp-ipvlan-none").Output);
    }

    [GuestFact]
    public void An_ipvlan_that_passes_no_broadcast_is_refused_at_once()
    {
        var refused = guest.Step("dhcp-ipvlan-l3");
        Assert.Equal(11, refused.Code);
        Assert.Contains("interface eth0 is an ipvlan in mode L3, which passes no broadcast", refused.Message, StringComparison.Ordinal);
    }

    [GuestFact]
    public void A_vlan_gets_an_address_of_its_own_network()
    {
        guest.Succeeded("dhcp-vlan", "dhcp-vlan-reach", "dhcp-vlan-check", "dhcp-vlan-del");
        Assert.StartsWith("192.168.57.", AddressOf("dhcp-vlan"), StringComparison.Ordinal);
        Assert.Equal(AddressOf("dhcp-vlan"), guest.Step("dhcp-vlan-leases").Output);
        Assert.Equal("", guest.Step("dhcp-vlan-none").Output);
    }

    private string AddressOf(string step) => ((string)guest.Step(step).Json["ips"]![0]!["address"]!).Split('/')[0];
}
