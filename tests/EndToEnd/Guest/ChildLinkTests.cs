using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>The guests for networks; two classes share one of them.</summary>
[CollectionDefinition("guests of networks: one at a time")]
public sealed class NetworkGuests : ICollectionFixture<ChildLinkTests.Fixture>;

/// <summary>
/// macvlan, ipvlan, vlan and dummy on a kernel that has them, beside the reference's: what child-links.sh did and saw there. A step here is
/// a step there.
/// </summary>
[Collection("guests of networks: one at a time")]
public sealed class ChildLinkTests(ChildLinkTests.Fixture guest)
{
    public sealed class Fixture() : ScriptedGuest("child-links.sh");

    [GuestTheory]
    [InlineData("macvlan")]
    [InlineData("macvlan-default")]
    [InlineData("ipvlan")]
    [InlineData("vlan")]
    public void A_pod_has_what_it_has_from_the_reference_and_reaches_the_network_in_both_families(string name)
    {
        foreach (var who in (string[])["ours", "reference"])
            guest.Succeeded($"{name}-{who}-add", $"{name}-{who}-reach", $"{name}-{who}-reach6", $"{name}-{who}-check");
        Assert.Equal(State($"{name}-reference-state"), State($"{name}-ours-state"));
        Assert.Equal(ResultOf($"{name}-reference-add"), ResultOf($"{name}-ours-add"));
    }

    [GuestFact]
    public void An_ipvlan_of_layer_3_has_what_it_has_from_the_reference()
    {
        guest.Succeeded("ipvlan-l3-ours-add", "ipvlan-l3-ours-reach", "ipvlan-l3-ours-check", "ipvlan-l3-reference-check");
        Assert.Equal(State("ipvlan-l3-reference-state"), State("ipvlan-l3-ours-state"));
    }

    [GuestTheory]
    [InlineData("macvlan")]
    [InlineData("ipvlan")]
    [InlineData("ipvlan-l3")]
    [InlineData("vlan")]
    public void Each_removes_what_the_other_made(string name)
    {
        foreach (var who in (string[])["ours", "reference"])
        {
            guest.Succeeded($"{name}-{who}-del");
            Assert.Equal("", guest.Step($"{name}-{who}-left").Output);
        }
    }

    [GuestTheory]
    [InlineData("macvlan")]
    [InlineData("ipvlan")]
    public void CHECK_says_that_the_config_has_another_master_by_now(string name)
    {
        guest.Succeeded($"{name}-moved-add", $"{name}-moved-del");
        var moved = guest.Step($"{name}-moved-check");
        Assert.Equal((100, "eth0 is above another interface than eth2"), (moved.Code, moved.Message));
        Assert.Equal("eth0 was changed, or made by another network config", moved.Details);
        var gone = guest.Step($"{name}-gone-check");
        Assert.Equal((100, "failed to lookup master \"eth7\": Link not found"), (gone.Code, gone.Message));
    }

    [GuestFact]
    public void CHECK_knows_that_a_macvlan_above_a_macvlan_is_above_what_that_is_above() =>
        guest.Succeeded("stacked-ADD", "stacked-CHECK", "stacked-DEL");

    [GuestFact]
    public void A_dummy_has_addresses_and_routes_MTU_and_hardware_address()
    {
        guest.Succeeded("dummy-ours-add", "dummy-ours-check", "dummy-ours-del");
        Assert.Contains("10.1.0.1/16", State("dummy-ours-state"));
        Assert.Equal("", guest.Step("dummy-ours-left").Output);
        var link = guest.Look("dummy-keys-link")[0];
        Assert.Equal((1300, "02:00:00:00:00:07"), (link.GetProperty("mtu").GetInt32(), link.GetProperty("address").GetString()));
    }

    // The reference's ADD leaves a link of another name in the pod.
    [GuestFact]
    public void A_VLAN_that_another_pod_has_is_refused_and_leaves_neither_link_nor_lease()
    {
        guest.Succeeded("vlan-first");
        var second = guest.Step("vlan-second");
        Assert.Equal((7, "failed to create vlan: file exists"), (second.Code, second.Message));
        Assert.Contains("another pod or the node has it", second.Details, StringComparison.Ordinal);
        Assert.DoesNotContain("eth0", guest.Step("vlan-second-links").Output, StringComparison.Ordinal);
        Assert.Equal(["10.1.0.1", "fd00:1::1"], Leases("vlan-leases"));
    }

    [GuestFact]
    public void A_second_ADD_is_refused_and_takes_nothing_from_the_first()
    {
        Assert.Equal(101, guest.Step("vlan-twice").Code);
        Assert.Equal(["10.1.0.1", "fd00:1::1"], Leases("vlan-leases-twice"));
    }

    // The reference's DEL validates the config again, and its address is never released.
    [GuestFact]
    public void DEL_needs_no_master_and_releases_the_addresses()
    {
        guest.Succeeded("vlan-del-without-master");
        Assert.Empty(Leases("vlan-leases-after"));
    }

    [GuestFact]
    public void STATUS_says_that_the_master_is_gone()
    {
        var status = guest.Step("vlan-status");
        Assert.Equal((50, "failed to lookup master \"eth0\": Link not found"), (status.Code, status.Message));
    }

    [GuestFact]
    public void A_master_in_the_container_is_found_there()
    {
        guest.Succeeded("inside-add", "inside-del");
        var link = guest.Look("inside-link")[0];
        Assert.Equal(("net1", "cni:net/b/eth0"), (link.GetProperty("link").GetString(), link.GetProperty("ifalias").GetString()));
        Assert.DoesNotContain("eth0@", guest.Step("inside-left").Output, StringComparison.Ordinal);
    }

    [GuestFact]
    public void DEL_of_another_network_leaves_an_interface_of_the_same_name()
    {
        guest.Succeeded("inside-foreign-del");
        Assert.StartsWith("eth0@net1", guest.Step("inside-still").Succeeded().Output, StringComparison.Ordinal);
    }

    // Ours asks neighbours to learn the address by IPv6 too, and for a VLAN by ARP; the reference of Debian 12 does not yet.
    private string[] State(string step) => guest.Step(step).Output.Split('\n') is var lines ? lines[..^2] : [];

    private string ResultOf(string step)
    {
        var result = guest.Step(step).Json;
        result["interfaces"]![0]!["mac"] = "MAC";
        return Transcript.Ordered(result)!.ToJsonString();
    }

    private string[] Leases(string step) =>
        [
            .. guest
                .Step(step)
                .Output.Split('\n')
                .Where(static name => name.StartsWith("10.", StringComparison.Ordinal) || name.Contains(':')),
        ];
}
