using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Client6;
using Plugboard.Dhcp.Wire;
using static Plugboard.Tests.Unit.Dhcp.Client6Steps;

namespace Plugboard.Tests.Unit.Dhcp;

/// <summary>The DHCPv6 client as a function, with a lease: renewed, refused, contested, released, confirmed; and without a state.</summary>
public sealed class Client6LeaseTests
{
    [Fact]
    public void The_lease_is_renewed_at_T1_rebound_at_T2_and_lost_at_its_end()
    {
        var bound = Bound();
        var lease = bound.Lease!;
        var renew = Tick(bound);
        Assert.Equal((Dhcp6Type.Renew, FirstServer), (Sent(renew).Type, Sent(renew).Server!));
        Assert.InRange(renew.State.Due - lease.Renewal, 9_000, 11_000);
        var step = renew;
        while (step.State.Phase == Client6Phase.Renewing)
        {
            Assert.True(step.State.HasLease);
            Assert.True(step.State.Due <= lease.Rebinding);
            step = Tick(step.State);
        }

        Assert.Equal(Dhcp6Type.Rebind, Sent(step).Type);
        Assert.Null(Sent(step).Server);
        Assert.Equal("fd00::5", Sent(step).FindAssociation(Profile.AssociationId)!.Addresses.Single().Address.ToString());
        Assert.InRange(step.State.Due - lease.Rebinding, 9_000, 11_000);
        var sends = 0;
        while (step.State.Phase == Client6Phase.Rebinding)
        {
            Assert.True(step.State.Due <= lease.Expiry && ++sends < 20);
            step = Tick(step.State);
        }

        Assert.IsType<Lose>(Assert.Single(step.Actions));
        Assert.False(step.State.HasLease);
        Assert.Equal(Never, step.State.GiveUpAt);
        var solicit = Tick(step.State);
        Assert.Equal(Dhcp6Type.Solicit, Sent(solicit).Type);
        Assert.Equal("fd00::5", Sent(solicit).FindAssociation(Profile.AssociationId)!.Addresses.Single().Address.ToString());
    }

    [Fact]
    public void A_process_that_slept_meets_what_is_due()
    {
        var bound = Bound();
        Assert.Equal(Dhcp6Type.Rebind, Sent(Client6Machine.Next(bound, new Tick(), bound.Lease!.Rebinding + 1)).Type);
        Assert.IsType<Lose>(Assert.Single(Client6Machine.Next(bound, new Tick(), bound.Lease.Expiry + 1).Actions));
    }

    [Fact]
    public void A_renewed_lease_begins_again_and_a_new_address_in_it_takes_the_old_one_s_place()
    {
        var renewing = Tick(Bound()).State;
        var at = renewing.Due - 1;
        var same = Give(renewing, Message(renewing, Dhcp6Type.Reply, Good), at);
        Assert.Equal(at + 500_000, Assert.IsType<Hold6>(Assert.Single(same.Actions)).Lease.Renewal);
        var other = Give(renewing, Message(renewing, Dhcp6Type.Reply, Association("fd00::6", 10, 20)), at);
        Assert.Equal("fd00::6", Assert.IsType<Hold6>(Assert.Single(other.Actions)).Lease.Address.ToString());
    }

    [Fact]
    public void After_NoBinding_the_address_is_requested_and_stays_meanwhile()
    {
        var renewing = Tick(Bound()).State;
        var at = renewing.Due - 1;
        var request = Give(renewing, Message(renewing, Dhcp6Type.Reply, Association("", 0, 0, status: 3)), at);
        Assert.Equal((Dhcp6Type.Request, FirstServer), (Sent(request).Type, Sent(request).Server!));
        Assert.Equal("fd00::5", Sent(request).FindAssociation(Profile.AssociationId)!.Addresses.Single().Address.ToString());
        Assert.True(request.State.HasLease);
        Assert.IsType<Hold6>(Assert.Single(Give(request.State, Message(request.State, Dhcp6Type.Reply, Good), at).Actions));
        var refused = Give(request.State, Message(request.State, Dhcp6Type.Reply, Association("", 0, 0, status: 2)), at);
        Assert.IsType<Lose>(Assert.Single(refused.Actions));
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(5, false)]
    public void A_refused_renewal_ends_the_lease_only_if_the_address_is_of_another_link(ushort status, bool isLost)
    {
        var renewing = Tick(Bound()).State;
        var step = Give(renewing, Message(renewing, Dhcp6Type.Reply, Association("", 0, 0, status: status)), renewing.Due - 1);
        Assert.Equal(isLost, step.Actions is [Lose]);
        Assert.Equal(!isLost, step.State.HasLease);
    }

    [Fact]
    public void A_lifetime_of_zero_ends_the_lease_and_gives_none()
    {
        var renewing = Tick(Bound()).State;
        var taken = Give(renewing, Message(renewing, Dhcp6Type.Reply, Association("fd00::5", 0, 0)), renewing.Due - 1);
        Assert.IsType<Lose>(Assert.Single(taken.Actions));
        var state = Requesting();
        var none = Give(state, Message(state, Dhcp6Type.Reply, Association("fd00::5", 0, 0)));
        Assert.Equal(Client6Phase.Soliciting, none.State.Phase);
        Assert.Contains("no address with a valid lifetime", none.State.Seen.ToString(), StringComparison.Ordinal);
        var advertised = Start().State;
        Assert.Null(Give(advertised, Message(advertised, Dhcp6Type.Advertise, Association("fd00::5", 0, 0))).State.Offer);
    }

    [Theory]
    [InlineData(0, 0, 1000, 2000, 500, 800, 2000)] // 14.2: half and four fifths of the preferred lifetime
    [InlineData(0, 600, 1000, 2000, 500, 600, 2000)]
    [InlineData(300, 0, 1000, 2000, 300, 800, 2000)]
    [InlineData(0, 0, 0, 2000, 1000, 1600, 2000)] // not preferred any more
    [InlineData(5000, 9000, 1000, 2000, 500, 800, 2000)] // after the end
    [InlineData(0, 0, 1, 1, 1, 1, 2)] // no storm
    public void Times_that_a_server_leaves_to_the_client_follow_from_the_lifetimes(
        uint t1,
        uint t2,
        uint preferred,
        uint valid,
        long renewal,
        long rebinding,
        long expiry
    )
    {
        var lease = Bound(Association("fd00::5", preferred, valid, t1, t2)).Lease!;
        Assert.Equal(
            (renewal, rebinding, expiry),
            ((lease.Renewal - Began) / 1000, (lease.Rebinding - Began) / 1000, (lease.Expiry - Began) / 1000)
        );
    }

    [Fact]
    public void A_lease_for_ever_is_never_renewed_and_invalid_times_are_no_association()
    {
        var lease = Bound(Association("fd00::5", uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue)).Lease!;
        Assert.Equal((Never, Never, Never), (lease.Renewal, lease.Rebinding, lease.Expiry));
        var state = Requesting();
        // 21.4: T1 after T2. 21.6: preferred for longer than valid.
        Assert.Equal(
            Client6Phase.Requesting,
            Give(state, Message(state, Dhcp6Type.Reply, Association("fd00::5", 10, 20, 9, 8))).State.Phase
        );
        Assert.Null(Give(state, Message(state, Dhcp6Type.Reply, Association("fd00::5", 21, 20))).State.Lease);
    }

    [Fact]
    public void A_server_may_set_the_longest_pause_of_SOLICIT()
    {
        var state = Start(Timings with { GiveUp = 10_000_000 }).State;
        state = Give(state, Message(state, Dhcp6Type.Advertise, null, null, (Dhcp6Option.SolicitMaximum, [0, 0, 0, 60]))).State;
        for (var i = 0; i < 10; i++)
            state = Tick(state).State;
        Assert.InRange(state.Pause, 54_000, 66_000);
        var ignored = Give(state, Message(state, Dhcp6Type.Advertise, null, null, (Dhcp6Option.SolicitMaximum, [0, 0, 0, 59])));
        Assert.Equal(60_000, ignored.State.LongestSearch);
    }

    [Fact]
    public void A_contested_address_is_declined_up_to_four_times_and_another_one_looked_for()
    {
        var state = Requesting(Timings with { Probe = 200 });
        var probing = Give(state, Message(state, Dhcp6Type.Reply, Good));
        Assert.Equal("fd00::5", Assert.IsType<Probe6>(Assert.Single(probing.Actions)).Address.ToString());
        Assert.False(probing.State.HasLease);
        var decline = Client6Machine.Next(probing.State, new Contested("a node has it"), Began + 50);
        Assert.Equal((Dhcp6Type.Decline, FirstServer), (Sent(decline).Type, Sent(decline).Server!));
        var answered = Give(decline.State, Message(decline.State, Dhcp6Type.Reply, null), Began + 60);
        Assert.Equal(Client6Phase.Soliciting, answered.State.Phase);
        var step = decline;
        for (var i = 1; i < 4; i++)
            Assert.Equal(Dhcp6Type.Decline, Sent(step = Tick(step.State)).Type);
        step = Tick(step.State);
        Assert.Empty(step.Actions);
        var solicit = Sent(Tick(step.State));
        Assert.Equal(Dhcp6Type.Solicit, solicit.Type);
        Assert.Empty(solicit.FindAssociation(Profile.AssociationId)!.Addresses);
        Assert.Contains("a node has it; fd00::5 was declined", step.State.Seen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_probe_without_an_answer_is_sent_twice_and_then_the_lease_is_held()
    {
        var state = Requesting(Timings with { Probe = 200 });
        var step = Give(state, Message(state, Dhcp6Type.Reply, Good));
        step = Tick(step.State);
        Assert.IsType<Probe6>(Assert.Single(step.Actions));
        Assert.IsType<Hold6>(Assert.Single(Tick(step.State).Actions));
    }

    [Fact]
    public void A_held_address_that_the_kernel_finds_elsewhere_is_removed_and_declined()
    {
        var step = Client6Machine.Next(Bound(), new Contested("dadfailed"), Began + 5000);
        Assert.Equal(Dhcp6Type.Decline, Assert.IsType<Transmit6>(step.Actions[0]).Message.Type);
        Assert.IsType<Lose>(step.Actions[1]);
        Assert.Equal((false, Never), (step.State.HasLease, step.State.GiveUpAt));
    }

    [Fact]
    public void A_lease_is_released_at_each_place_where_a_server_may_have_given_one()
    {
        var requesting = Requesting();
        Client6State[] states = [Bound(), Tick(Bound()).State, requesting];
        Assert.All(
            states,
            static state =>
            {
                var release = Sent(Client6Machine.Next(state, new Stop(), Began + 1));
                Assert.Equal((Dhcp6Type.Release, FirstServer), (release.Type, release.Server!));
                Assert.Equal(1, CountAddresses(release));
            }
        );
        Assert.Empty(Client6Machine.Next(Start().State, new Stop(), Began).Actions);
    }

    // What a client writes has no lifetimes, and a reader of a client's message wants none.
    private static int CountAddresses(Dhcp6Message message) => message.FindAssociation(Profile.AssociationId)!.Addresses.Count;

    [Fact]
    public void A_lease_that_has_ended_or_is_unknown_is_confirmed_by_REBIND()
    {
        var address = IPAddr.Parse("fd00::5");
        var lease = Bound().Lease!;
        var unknown = Tick(Client6State.Resume(Profile, Timings, 5, address, null, Began));
        Assert.Equal(Dhcp6Type.Rebind, Sent(unknown).Type);
        Assert.False(unknown.State.HasLease);
        Assert.InRange(unknown.State.Due - Began, 900, 1100);
        Assert.IsType<Hold6>(Assert.Single(Give(unknown.State, Message(unknown.State, Dhcp6Type.Reply, Good)).Actions));
        // Nobody answers: an unknown one stays on the interface while another is looked for, an ended one goes.
        Assert.Equal(Dhcp6Type.Solicit, Sent(UntilOver(unknown)).Type);
        var ended = Tick(Client6State.Resume(Profile, Timings, 5, address, lease, Began));
        Assert.IsType<Lose>(Assert.Single(UntilOver(ended).Actions));
    }

    private static Client6Step UntilOver(Client6Step step)
    {
        while (step.State.Phase == Client6Phase.Rebinding)
        {
            Assert.True(step.State.Due <= Began + Timings.Answer);
            step = Tick(step.State);
        }

        return step;
    }

    [Fact]
    public void Without_a_state_DNS_is_asked_for_and_nothing_is_released()
    {
        var stateless = Client6Profile.From(new Attachment("lan", "c", "eth0"), isStateless: true);
        var start = Start(profile: stateless);
        Assert.Equal(Dhcp6Type.InformationRequest, Sent(start).Type);
        Assert.Null(Sent(start).Find(Dhcp6Option.NonTemporary));
        var dns = new byte[16];
        IPAddr.Parse("fd00::9").WriteBytes(dns);
        var refused = Give(start.State, Message(start.State, Dhcp6Type.Reply, null, null, (Dhcp6Option.Status, [0, 1])));
        Assert.Empty(refused.Actions);
        var bound = Give(start.State, Message(start.State, Dhcp6Type.Reply, null, null, (Dhcp6Option.DnsServers, dns)));
        var lease = Assert.IsType<Hold6>(Assert.Single(bound.Actions)).Lease;
        Assert.Null(lease.Prefix);
        Assert.Equal(["fd00::9"], Lease6Result.From(lease).Dns.Nameservers);
        Assert.Empty(Lease6Result.From(lease).IPs);
        Assert.Equal(Never, bound.State.Due);
        Assert.Empty(Client6Machine.Next(bound.State, new Stop(), Began).Actions);
    }

    [Fact]
    public void The_client_of_an_attachment_is_the_same_in_every_process_and_another_for_each_pod()
    {
        var again = Client6Profile.From(new Attachment("lan", "c", "eth0"), isStateless: false);
        Assert.Equal(Profile.Duid, again.Duid);
        Assert.Equal(18, again.Duid.Length);
        Assert.Equal((0x80, 0x80), (again.Duid[8] & 0xf0, again.Duid[10] & 0xc0));
        Assert.NotEqual(Profile.Duid, Client6Profile.From(new Attachment("lan", "d", "eth0"), isStateless: false).Duid);
        Assert.NotEqual(Profile.AssociationId, Client6Profile.From(new Attachment("lan", "c", "eth1"), isStateless: false).AssociationId);
    }
}
