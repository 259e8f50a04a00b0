namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>A kernel booted with ipv6.disable=1: there is no /proc/sys/net/ipv6/conf. What no-ipv6.sh did and saw there.</summary>
[Collection("guests of networks: one at a time")]
public sealed class WithoutIPv6Tests(WithoutIPv6Tests.Fixture guest) : IClassFixture<WithoutIPv6Tests.Fixture>
{
    public sealed class Fixture() : ScriptedGuest("no-ipv6.sh", parameter: "ipv6.disable=1");

    [GuestFact]
    public void The_guest_has_no_settings_of_IPv6() => Assert.NotEqual(0, guest.Step("conf").ExitCode);

    [GuestFact]
    public void A_network_of_IPv4_needs_no_IPv6() =>
        guest.Succeeded("four-add", "four-b-add", "four-gateway", "four-pod", "four-check", "four-del");

    [GuestFact]
    public void An_IPv6_range_is_refused_with_the_cause_and_undone()
    {
        var refused = guest.Step("six-add");
        Assert.Equal(2, refused.Code);
        Assert.Equal("the IPAM plugin gave the IPv6 address fd00:1::2/64, and eth0 has no IPv6", refused.Message);
        Assert.Contains("boot without ipv6.disable=1", refused.Details, StringComparison.Ordinal);
        Assert.DoesNotContain("eth0", guest.Step("six-links").Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal("", guest.Step("six-leases").Succeeded().Output);
    }

    [GuestFact]
    public void CHECK_accepts_an_interface_that_was_put_into_a_VRF_and_still_tells_that_its_default_route_is_gone()
    {
        guest.Succeeded("vrf-add", "vrf-check", "vrf-del");
        var lost = guest.Step("vrf-check-lost");
        Assert.Equal((100, "Expected Route 0.0.0.0/0 not found in routing table"), (lost.Code, lost.Message));
    }
}
