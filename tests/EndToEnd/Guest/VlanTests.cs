using System.Text.Json;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>The VLANs of a pod's port, on a kernel that has them: what vlan.sh did and saw there. A step here is a step there.</summary>
[Collection("guests of networks: one at a time")]
public sealed class VlanTests(VlanTests.Fixture guest) : IClassFixture<VlanTests.Fixture>
{
    public sealed class Fixture() : ScriptedGuest("vlan.sh");

    private static bool Filters(JsonElement bridge) =>
        bridge[0].GetProperty("linkinfo").GetProperty("info_data").GetProperty("vlan_filtering").GetInt32() == 1;

    [GuestFact]
    public void Vlan_is_the_ports_only_one_and_untagged()
    {
        guest.Succeeded("vlan-add", "vlan-check");
        Assert.Equal([$"100 {ScriptedGuest.Untagged}"], guest.Vlans("vlan-port"));
    }

    [GuestFact]
    public void A_bridge_that_is_made_for_VLANs_filters()
    {
        Assert.True(Filters(guest.Look("vlan-bridge")));
    }

    [GuestFact]
    public void A_bridge_that_was_there_is_not_made_to_filter_and_its_port_has_the_VLAN()
    {
        guest.Succeeded("plain-add");
        Assert.False(Filters(guest.Look("plain-bridge")));
        Assert.Equal([$"100 {ScriptedGuest.Untagged}"], guest.Vlans("plain-port"));
    }

    [GuestFact]
    public void Pods_reach_each_other_in_one_VLAN_and_not_across_two()
    {
        guest.Succeeded("vlan-b-add", "vlan-c-add", "vlan-same");
        Assert.Equal(1, guest.Step("vlan-other").ExitCode);
    }

    [GuestFact]
    public void DEL_takes_its_own_port_only()
    {
        guest.Succeeded("vlan-del");
        Assert.Equal(
            ["cni:test/b/eth0", "cni:test/c/eth0"],
            guest.Look("vlan-after-del").EnumerateArray().Select(static link => link.GetProperty("ifalias").GetString())
        );
    }

    [GuestFact]
    public void PreserveDefaultVlan_keeps_what_the_kernel_gives_a_port()
    {
        guest.Succeeded("keep-add", "keep-trunk-add");
        Assert.Equal(["1 Egress-Untagged", $"100 {ScriptedGuest.Untagged}"], guest.Vlans("keep-port"));
        Assert.Equal([$"1 {ScriptedGuest.Untagged}", "30"], guest.Vlans("keep-trunk-port"));
    }

    [GuestFact]
    public void A_port_of_a_config_without_VLANs_has_the_default_one()
    {
        guest.Succeeded("none-add");
        Assert.Equal([$"1 {ScriptedGuest.Untagged}"], guest.Vlans("none-port"));
    }

    [GuestFact]
    public void Whatever_VLAN_the_bridge_gives_its_ports_is_taken_away()
    {
        guest.Succeeded("default-add", "default-trunk-add");
        Assert.Equal([$"100 {ScriptedGuest.Untagged}"], guest.Vlans("default-port"));
        Assert.Equal([$"1 {ScriptedGuest.Untagged}", "30"], guest.Vlans("default-trunk-port"));
    }

    [GuestFact]
    public void VlanTrunk_is_tagged_each_once_and_VLAN_1_stays_untagged()
    {
        guest.Succeeded("trunk-add", "trunk-check", "trunk-del");
        Assert.Equal([$"1 {ScriptedGuest.Untagged}", "10", "11", "12", "20"], guest.Vlans("trunk-port"));
    }

    [GuestFact]
    public void Vlan_and_vlanTrunk_go_together()
    {
        guest.Succeeded("both-add", "trunk-reach");
        Assert.Equal(["20", $"100 {ScriptedGuest.Untagged}"], guest.Vlans("both-port"));
    }

    [GuestFact]
    public void A_trunk_that_holds_the_untagged_VLAN_leaves_it_untagged()
    {
        guest.Succeeded("native-add");
        Assert.Equal(["98", "99", $"100 {ScriptedGuest.Untagged}", "101", "102", "104"], guest.Vlans("native-port"));
    }

    [GuestFact]
    public void A_trunk_may_be_all_VLANs()
    {
        guest.Succeeded("wide-add");
        Assert.Equal([$"1 {ScriptedGuest.Untagged}", "2-4094"], guest.Vlans("wide-port"));
    }
}
