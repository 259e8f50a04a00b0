using System.Text.Json;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>A gateway per VLAN, on a kernel that has them: what vlan-gateway.sh did and saw there. A step here is a step there.</summary>
[Collection("guests of networks: one at a time")]
public sealed class VlanGatewayTests(VlanGatewayTests.Fixture guest) : IClassFixture<VlanGatewayTests.Fixture>
{
    public sealed class Fixture() : ScriptedGuest("vlan-gateway.sh");

    private static string? Name(JsonElement link) => link.GetProperty("ifname").GetString();

    [GuestFact]
    public void The_gateway_of_a_VLAN_is_on_a_device_of_its_own_and_the_fourth_interface()
    {
        var result = guest.Step("gateway-add").Succeeded().Json;
        Assert.Equal(["10.1.0.1/16"], guest.GlobalAddresses("gateway-device"));
        Assert.Empty(guest.GlobalAddresses("gateway-bridge"));
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
        guest.Succeeded("gateway-reach", "gateway-b-reach", "gateway-same");
        Assert.Equal("default via 10.1.0.1 dev eth0", guest.Step("gateway-route").Output.Trim());
    }

    [GuestFact]
    public void Another_VLAN_has_another_gateway_and_does_not_reach_the_first()
    {
        guest.Succeeded("gateway-c-add", "gateway-c-reach");
        Assert.Equal(1, guest.Step("gateway-other").ExitCode);
        Assert.Equal(
            ["cni0.100", "cni0.200"],
            guest
                .Look("gateway-devices")
                .EnumerateArray()
                .Select(Name)
                .Where(static name => name!.StartsWith("cni0.", StringComparison.Ordinal))
        );
    }

    [GuestFact]
    public void The_ports_of_pods_and_gateways_are_in_their_VLAN_alone()
    {
        var ports = guest.Look("gateway-vlans").EnumerateArray().Where(static port => Name(port) != "cni0").ToList();
        Assert.Equal(5, ports.Count);
        Assert.Equal(3, ports.Count(static port => ScriptedGuest.Vlans(port) is [$"100 {ScriptedGuest.Untagged}"]));
        Assert.Equal(2, ports.Count(static port => ScriptedGuest.Vlans(port) is [$"200 {ScriptedGuest.Untagged}"]));
    }

    [GuestFact]
    public void The_gateways_of_both_families_are_on_one_device()
    {
        guest.Succeeded("dual-add", "dual-b-add", "dual-reach", "dual-same", "dual-check");
        Assert.Equal(["10.1.0.1/16", "fd00:1::1/64"], guest.GlobalAddresses("dual-device"));
    }

    [GuestFact]
    public void CHECK_tells_that_the_gateway_of_a_VLAN_is_lost()
    {
        guest.Succeeded("gateway-check");
        Assert.Equal(
            (100, "Failed to match gateway 10.1.0.1 on interface cni0.100"),
            (guest.Step("gateway-check-lost").Code, guest.Step("gateway-check-lost").Message)
        );
        Assert.Equal(
            (100, "Interface name cni0.100 not found"),
            (guest.Step("gateway-check-gone").Code, guest.Step("gateway-check-gone").Message)
        );
    }

    [GuestFact]
    public void The_next_ADD_makes_a_lost_gateway_again()
    {
        guest.Succeeded("gateway-again-add", "gateway-again-reach", "gateway-again-check");
    }

    [GuestFact]
    public void The_new_pod_of_an_address_is_known_in_its_VLAN_at_once()
    {
        guest.Succeeded("again-other-add", "again-old-add", "again-met", "again-node-met", "again-new-add");
        var mac = guest.Look("again-mac").GetProperty("interfaces")[2].GetProperty("mac").GetString();
        Assert.Equal(mac, guest.Look("again-pod")[0].GetProperty("lladdr").GetString());
        Assert.Equal(mac, guest.Look("again-node")[0].GetProperty("lladdr").GetString());
    }

    [GuestFact]
    public void A_gateway_whose_bridge_was_deleted_is_put_on_the_new_one()
    {
        guest.Succeeded("orphan-first-add", "orphan-add", "orphan-reach");
        var ports = guest.Look("orphan-vlans").EnumerateArray().Where(static port => Name(port) != "cni0");
        Assert.All(ports, static port => Assert.Equal([$"100 {ScriptedGuest.Untagged}"], ScriptedGuest.Vlans(port)));
    }

    [GuestFact]
    public void DEL_releases_the_addresses_of_pods_in_VLANs()
    {
        guest.Succeeded("gateway-del", "gateway-b-del", "gateway-c-del", "gateway-d-del");
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
        Assert.Equal(
            (7, "failed to create vlan interface \"a-bridge-name.1000\": the name is longer than 15 bytes"),
            (refused.Code, refused.Message)
        );
        Assert.Equal(1, guest.Step("failed-long-links").ExitCode);
    }

    [GuestFact]
    public void A_failed_ADD_leaves_the_gateway_that_was_there()
    {
        guest.Succeeded("failed-first-add", "failed-reach");
        Assert.Equal(7, guest.Step("failed-second-add").Code);
        Assert.Equal(["10.1.0.1/16"], guest.GlobalAddresses("failed-device"));
    }
}
