using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>vrf on a kernel that has VRFs, beside the reference's: what vrf.sh did and saw. A step here is a step there.</summary>
[Collection("guests of networks: one at a time")]
public sealed class VrfTests(VrfTests.Fixture guest) : IClassFixture<VrfTests.Fixture>
{
    public sealed class Fixture() : ScriptedGuest("vrf.sh");

    [GuestFact]
    public void An_interface_joins_a_VRF_that_is_made_for_it_as_with_the_reference()
    {
        foreach (var who in (string[])["ours", "reference"])
        {
            guest.Succeeded($"vrf-{who}-add", $"vrf-{who}-reach", $"vrf-{who}-check", $"vrf-{who}-del");
            Assert.Equal("blue", guest.Look($"vrf-{who}-master")[0].GetProperty("master").GetString());
            Assert.Equal(1, Table($"vrf-{who}-link"));
            Assert.Equal("", guest.Step($"vrf-{who}-left").Output);
        }

        Assert.Equal(Result("vrf-reference-add"), Result("vrf-ours-add"));
    }

    // The reference loses routes of scope link, routes of other tables, and those with several next hops.
    [GuestFact]
    public void Routes_of_all_kinds_and_IPv6_addresses_move_with_it()
    {
        var state = Lines("vrf-ours-state");
        Assert.Contains("fd00:1::2/64", state);
        Assert.Contains("192.168.1.2/24", state);
        Assert.Contains(state, static line => line.StartsWith("1: default via 192.168.1.1 dev net1", StringComparison.Ordinal));
        Assert.Contains(state, static line => line.StartsWith("1: 10.50.0.0/16 dev net1 scope link", StringComparison.Ordinal));
        Assert.Contains(
            state,
            static line => line.StartsWith("1: 172.16.0.0/12 via 192.168.1.1 dev net1 metric 7 mtu 1400", StringComparison.Ordinal)
        );
        Assert.Contains(state, static line => line.StartsWith("1: 192.168.1.0/24 dev net1 proto kernel", StringComparison.Ordinal));
        Assert.Contains(state, static line => line.StartsWith("1: fd00:1::/64 dev net1 proto kernel", StringComparison.Ordinal));
        Assert.Contains(state, static line => line.StartsWith("1: default via fd00:1::1 dev net1", StringComparison.Ordinal));
        Assert.Contains(state, static line => line.StartsWith("77: 10.60.0.0/16 via 192.168.1.1 dev net1", StringComparison.Ordinal));
        Assert.Contains(state, static line => line.StartsWith("main: default via fd00:2::1 dev net2", StringComparison.Ordinal));
        Assert.DoesNotContain(state, static line => line.StartsWith("main:", StringComparison.Ordinal) && line.Contains("net1"));
        guest.Succeeded("vrf-ours-reach6");
        Assert.Contains("local fd00:1::2 ", guest.Step("vrf-ours-local").Output, StringComparison.Ordinal);
    }

    // The reference: "interface net1 has already a master set: blue".
    [GuestFact]
    public void A_repeated_ADD_changes_nothing()
    {
        guest.Succeeded("vrf-first", "vrf-again");
        Assert.Equal(Lines("vrf-first-state"), Lines("vrf-again-state"));
    }

    [GuestFact]
    public void The_VRF_goes_with_its_last_interface_and_what_leaves_it_keeps_addresses_and_routes()
    {
        guest.Succeeded("vrf-second", "vrf-del-first", "vrf-del-second", "vrf-del-again");
        Assert.Contains("blue", guest.Step("vrf-still").Output, StringComparison.Ordinal);
        Assert.Equal("", guest.Step("vrf-gone").Output);
        var state = Lines("vrf-del-first-state");
        Assert.Contains("fd00:1::2/64", state);
        Assert.Contains(state, static line => line.StartsWith("main: default via 192.168.1.1 dev net1", StringComparison.Ordinal));
        Assert.Contains(state, static line => line.StartsWith("main: 10.50.0.0/16 dev net1 scope link", StringComparison.Ordinal));
    }

    [GuestFact]
    public void DEL_of_another_VRF_leaves_the_interface_where_it_is()
    {
        guest.Succeeded("vrf-foreign-del");
        Assert.Equal("blue", guest.Look("vrf-foreign-master")[0].GetProperty("master").GetString());
    }

    [GuestTheory]
    [InlineData("vrf-other-table", 7, "cmdAdd failed: VRF blue already exist with different routing table 1")]
    [InlineData("vrf-name", 7, "cmdAdd failed: Netlink net2 is not a VRF")]
    [InlineData("vrf-master", 7, "cmdAdd failed: interface net2 has already a master set: br0")]
    [InlineData("vrf-absent", 7, "cmdAdd failed: could not get link by name net9")]
    [InlineData("vrf-reserved", 7, "cmdAdd failed: invalid table 254")]
    [InlineData("vrf-foreign-check", 100, "VRF red: Link not found")]
    [InlineData("vrf-check-after", 100, "failed to find net1 associated to vrf blue")]
    [InlineData("vrf-check-kind", 100, "Netlink net2 is not a VRF")]
    [InlineData("vrf-check-table", 100, "VRF blue has the routing table 1, not 7")]
    [InlineData("vrf-check-other", 100, "failed to find net2 associated to vrf blue")]
    [InlineData("vrf-check-absent", 100, "failed to find net9 associated to vrf blue")]
    [InlineData("vrf-check-down", 100, "VRF blue is down")]
    public void What_cannot_be_is_refused(string step, int code, string message)
    {
        var output = guest.Step(step);
        Assert.Equal((code, message), (output.Code, output.Message));
    }

    [GuestTheory]
    [InlineData("vrf-foreign-check", "the container has no interface red")]
    [InlineData("vrf-check-after", "expected the master blue, found none")]
    [InlineData("vrf-check-kind", "expected a VRF, found an interface of the kind veth")]
    [InlineData("vrf-check-table", "expected 7, the table of the network config, found 1")]
    [InlineData("vrf-check-other", "expected the master blue, found br0")]
    [InlineData("vrf-check-absent", "expected the master blue, found no interface net9 in the container")]
    [InlineData("vrf-check-down", "expected up, found down: ip link set blue up in the container")]
    public void CHECK_says_what_is_expected_and_what_is_there(string step, string details) =>
        Assert.Equal(details, guest.Step(step).Details);

    // The reference's ADD leaves the VRF that it made.
    [GuestFact]
    public void An_ADD_that_fails_leaves_no_VRF() => Assert.Equal("", guest.Step("vrf-master-left").Output);

    // A killed one has no time to make addresses and routes again: the interface goes with the pod, and a new one is as good as the first.
    [GuestFact]
    public void A_call_that_is_killed_or_refused_at_any_change_is_ended_by_DEL_and_a_refused_ADD_leaves_everything_as_it_was()
    {
        var output = guest.Step("vrf-faults");
        Assert.Equal("", output.Output);
        Assert.InRange(output.ExitCode, 6, 60);
    }

    [GuestFact]
    public void A_table_that_routes_or_rules_have_is_not_taken()
    {
        guest.Succeeded("vrf-free", "vrf-free-del");
        Assert.Equal(3, Table("vrf-free-link"));
    }

    // The reference writes an empty dns, ours does not.
    private string Result(string step)
    {
        var result = guest.Step(step).Json;
        result.AsObject().Remove("dns");
        return Transcript.Ordered(result)!.ToJsonString();
    }

    private int Table(string step) => guest.Look(step)[0].GetProperty("linkinfo").GetProperty("info_data").GetProperty("table").GetInt32();

    private string[] Lines(string step) =>
        [.. guest.Step(step).Succeeded().Output.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0)];
}
