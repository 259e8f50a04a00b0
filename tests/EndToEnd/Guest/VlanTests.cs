using System.Text.Json;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>The VLAN keys, on a kernel that has them: what vlan.sh did and saw there. A step here is a step there.</summary>
[Collection("one guest at a time")]
public sealed class VlanTests(VlanGuest guest) : IClassFixture<VlanGuest>
{
    private const string Untagged = "PVID Egress-Untagged";

    private void Succeeded(params string[] steps) => Assert.All(steps, step => guest.Step(step).Succeeded());

    private static string? Name(JsonElement link) => link.GetProperty("ifname").GetString();

    private static bool Filters(JsonElement bridge) =>
        bridge[0].GetProperty("linkinfo").GetProperty("info_data").GetProperty("vlan_filtering").GetInt32() == 1;

    private IReadOnlyList<string> GlobalAddresses(string step) =>
    [
        .. guest.Look(step)[0].GetProperty("addr_info").EnumerateArray()
            .Where(static each => each.GetProperty("scope").GetString() == "global")
            .Select(static each => $"{each.GetProperty("local")}/{each.GetProperty("prefixlen")}"),
    ];

    [GuestFact]
    public void Vlan_is_the_ports_only_one_and_untagged()
    {
        Succeeded("vlan-add", "vlan-check");
        Assert.Equal([$"100 {Untagged}"], guest.Vlans("vlan-port"));
    }

    [GuestFact]
    public void A_bridge_that_is_made_for_VLANs_filters()
    {
        Assert.True(Filters(guest.Look("vlan-bridge")));
    }

    [GuestFact]
    public void A_bridge_that_was_there_is_not_made_to_filter_and_its_port_has_the_VLAN()
    {
        Succeeded("plain-add");
        Assert.False(Filters(guest.Look("plain-bridge")));
        Assert.Equal([$"100 {Untagged}"], guest.Vlans("plain-port"));
    }

    [GuestFact]
    public void Pods_reach_each_other_in_one_VLAN_and_not_across_two()
    {
        Succeeded("vlan-b-add", "vlan-c-add", "vlan-same");
        Assert.Equal(1, guest.Step("vlan-other").ExitCode);
    }

    [GuestFact]
    public void DEL_takes_its_own_port_only()
    {
        Succeeded("vlan-del");
        Assert.Equal(["cni:test/b/eth0", "cni:test/c/eth0"], guest.Look("vlan-after-del").EnumerateArray().Select(static link => link.GetProperty("ifalias").GetString()));
    }

    [GuestFact]
    public void PreserveDefaultVlan_keeps_what_the_kernel_gives_a_port()
    {
        Succeeded("keep-add", "keep-trunk-add");
        Assert.Equal(["1 Egress-Untagged", $"100 {Untagged}"], guest.Vlans("keep-port"));
        Assert.Equal([$"1 {Untagged}", "30"], guest.Vlans("keep-trunk-port"));
    }

    [GuestFact]
    public void A_port_of_a_config_without_VLANs_has_the_default_one()
    {
        Succeeded("none-add");
        Assert.Equal([$"1 {Untagged}"], guest.Vlans("none-port"));
    }

    [GuestFact]
    public void Whatever_VLAN_the_bridge_gives_its_ports_is_taken_away()
    {
        Succeeded("default-add", "default-trunk-add");
        Assert.Equal([$"100 {Untagged}"], guest.Vlans("default-port"));
        Assert.Equal([$"1 {Untagged}", "30"], guest.Vlans("default-trunk-port"));
    }

    [GuestFact]
    public void VlanTrunk_is_tagged_each_once_and_VLAN_1_stays_untagged()
    {
        Succeeded("trunk-add", "trunk-check", "trunk-del");
        Assert.Equal([$"1 {Untagged}", "10", "11", "12", "20"], guest.Vlans("trunk-port"));
    }

    [GuestFact]
    public void Vlan_and_vlanTrunk_go_together()
    {
        Succeeded("both-add", "trunk-reach");
        Assert.Equal(["20", $"100 {Untagged}"], guest.Vlans("both-port"));
    }

    [GuestFact]
    public void A_trunk_that_holds_the_untagged_VLAN_leaves_it_untagged()
    {
        Succeeded("native-add");
        Assert.Equal(["98", "99", $"100 {Untagged}", "101", "102", "104"], guest.Vlans("native-port"));
    }

    [GuestFact]
    public void A_trunk_may_be_all_VLANs()
    {
        Succeeded("wide-add");
        Assert.Equal([$"1 {Untagged}", "2-4094"], guest.Vlans("wide-port"));
    }

    [GuestFact]
    public void The_gateway_of_a_VLAN_is_on_a_device_of_its_own_and_the_fourth_interface()
    {
        var result = guest.Step("gateway-add").Succeeded().Json;
        Assert.Equal(["10.1.0.1/16"], GlobalAddresses("gateway-device"));
        Assert.Empty(GlobalAddresses("gateway-bridge"));
        var device = guest.Look("gateway-device")[0];
        Assert.Equal("cni0.100", (string)result["interfaces"]![3]!["name"]!);
        Assert.Equal(device.GetProperty("address").GetString(), (string)result["interfaces"]![3]!["mac"]!);
        Assert.Null(result["interfaces"]![3]!["sandbox"]);
        Assert.Equal(2, (int)result["ips"]![0]!["interface"]!);
    }

    [GuestFact]
    public void Pods_of_one_VLAN_share_the_gateways_device_and_reach_it()
    {
        var second = guest.Step("gateway-b-add").Succeeded().Json;
        Assert.Equal((string)guest.Step("gateway-add").Json["interfaces"]![3]!["mac"]!, (string)second["interfaces"]![3]!["mac"]!);
        Succeeded("gateway-reach", "gateway-b-reach", "gateway-same");
        Assert.Equal("default via 10.1.0.1 dev eth0", guest.Step("gateway-route").Output.Trim());
    }

    [GuestFact]
    public void Another_VLAN_has_another_gateway_and_does_not_reach_the_first()
    {
        Succeeded("gateway-c-add", "gateway-c-reach");
        Assert.Equal(1, guest.Step("gateway-other").ExitCode);
        Assert.Equal(["cni0.100", "cni0.200"], guest.Look("gateway-devices").EnumerateArray().Select(Name).Where(static name => name!.StartsWith("cni0.", StringComparison.Ordinal)));
    }

    [GuestFact]
    public void The_ports_of_pods_and_gateways_are_in_their_VLAN_alone()
    {
        var ports = guest.Look("gateway-vlans").EnumerateArray().Where(static port => Name(port) != "cni0").ToList();
        Assert.Equal(5, ports.Count);
        Assert.Equal(3, ports.Count(static port => VlanGuest.Vlans(port) is [$"100 {Untagged}"]));
        Assert.Equal(2, ports.Count(static port => VlanGuest.Vlans(port) is [$"200 {Untagged}"]));
    }

    [GuestFact]
    public void The_gateways_of_both_families_are_on_one_device()
    {
        Succeeded("dual-add", "dual-b-add", "dual-reach", "dual-same", "dual-check");
        Assert.Equal(["10.1.0.1/16", "fd00:1::1/64"], GlobalAddresses("dual-device"));
    }

    [GuestFact]
    public void CHECK_tells_that_the_gateway_of_a_VLAN_is_lost()
    {
        Succeeded("gateway-check");
        Assert.Equal((100, "Failed to match gateway 10.1.0.1 on interface cni0.100"), (guest.Step("gateway-check-lost").Code, guest.Step("gateway-check-lost").Message));
        Assert.Equal((100, "Interface name cni0.100 not found"), (guest.Step("gateway-check-gone").Code, guest.Step("gateway-check-gone").Message));
    }

    [GuestFact]
    public void The_next_ADD_makes_a_lost_gateway_again()
    {
        Succeeded("gateway-again-add", "gateway-again-reach", "gateway-again-check");
    }

    [GuestFact]
    public void A_gateway_whose_bridge_was_deleted_is_put_on_the_new_one()
    {
        Succeeded("orphan-first-add", "orphan-add", "orphan-reach");
        var ports = guest.Look("orphan-vlans").EnumerateArray().Where(static port => Name(port) != "cni0");
        Assert.All(ports, static port => Assert.Equal([$"100 {Untagged}"], VlanGuest.Vlans(port)));
    }

    [GuestFact]
    public void DEL_releases_the_addresses_of_pods_in_VLANs()
    {
        Succeeded("gateway-del", "gateway-b-del", "gateway-c-del", "gateway-d-del");
        Assert.Equal("", guest.Step("gateway-leases").Succeeded().Output);
    }

    [GuestFact]
    public void A_failed_ADD_removes_the_gateways_device_that_it_made()
    {
        Assert.Equal(7, guest.Step("failed-add").Code);
        Assert.Equal(0, guest.Look("failed-links").GetArrayLength());
        Assert.Equal(1, guest.Step("failed-bridge").ExitCode);
    }

    [GuestFact]
    public void A_gateway_whose_devices_name_is_too_long_is_refused_and_undone()
    {
        var refused = guest.Step("failed-long-add");
        Assert.Equal((7, "failed to create vlan interface \"a-bridge-name.1000\": the name is longer than 15 bytes"), (refused.Code, refused.Message));
        Assert.Equal(1, guest.Step("failed-long-links").ExitCode);
    }

    [GuestFact]
    public void A_failed_ADD_leaves_the_gateway_that_was_there()
    {
        Succeeded("failed-first-add", "failed-reach");
        Assert.Equal(7, guest.Step("failed-second-add").Code);
        Assert.Equal(["10.1.0.1/16"], GlobalAddresses("failed-device"));
    }
}
