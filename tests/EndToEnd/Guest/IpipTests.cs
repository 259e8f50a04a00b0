namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// The ipip backend of the coordinator, on a kernel that has it: what ipip.sh did and saw there. A step here is a step there.
/// </summary>
[Collection("guests of networks: one at a time")]
public sealed class IpipTests(IpipTests.Fixture guest) : IClassFixture<IpipTests.Fixture>
{
    public sealed class Fixture() : ScriptedGuest("ipip.sh");

    private string[] Lines(string step) =>
        guest.Step(step).Succeeded().Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    [GuestFact]
    public void A_peer_behind_a_router_is_reached_by_the_tunnel_and_a_near_one_directly()
    {
        guest.Succeeded("settled", "near", "far");
        Assert.Equal(["10.244.2.0/24 via 192.168.0.2 dev eth0", "10.244.3.0/24 via 192.168.1.3 dev flannel.ipip onlink"], Lines("routes"));
        Assert.Contains("remote any local 192.168.0.1", guest.Step("link").Succeeded().Output, StringComparison.Ordinal);
    }

    [GuestFact]
    public void The_mtu_leaves_room_for_the_outer_header()
    {
        Assert.Contains("mtu 1480", guest.Step("link").Output, StringComparison.Ordinal);
        Assert.Contains("FLANNEL_MTU=1480", Lines("subnet"));
        // 1452 bytes, and 28 of ICMP and IP.
        guest.Succeeded("big");
    }

    [GuestFact]
    public void A_tunnel_that_was_deleted_is_made_again_with_its_routes() => guest.Succeeded("healed", "far-again");

    [GuestFact]
    public void Without_DirectRouting_all_goes_through_the_tunnel()
    {
        guest.Succeeded("tunnelled", "near-tunnelled");
        Assert.Equal(
            ["10.244.2.0/24 via 192.168.0.2 dev flannel.ipip onlink", "10.244.3.0/24 via 192.168.1.3 dev flannel.ipip onlink"],
            Lines("routes-tunnelled")
        );
    }

    [GuestFact]
    public void Explain_names_the_tunnel() =>
        Assert.Contains("flannel.ipip", guest.Step("explain").Succeeded().Output, StringComparison.Ordinal);

    [GuestFact]
    public void Cleanup_leaves_nothing()
    {
        guest.Succeeded("cleanup");
        Assert.Equal("", guest.Step("left").Output);
    }
}
