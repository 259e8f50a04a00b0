using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Client6;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Tests.Unit.Dhcp;

/// <summary>The DHCPv6 client as a function: each pause of RFC 8415, refusals, silence, and messages that are not for it.</summary>
public sealed class Client6MachineTests
{
    private const long Began = 1_000_000;
    private const long Never = long.MaxValue;

    private static readonly Client6Profile Profile = Client6Profile.From(new Attachment("lan", "c", "eth0"), isStateless: false);
    private static readonly ClientTimings Timings = new(Answer: 10_000, LongestPause: 20_000, GiveUp: 200_000, Probe: 0);
    private static readonly byte[] FirstServer = [0, 3, 0, 1, 1];
    private static readonly byte[] SecondServer = [0, 3, 0, 1, 2];

    private static (ushort, byte[]) Association(string address, uint preferred, uint valid, uint t1 = 0, uint t2 = 0, ushort status = 0)
    {
        var value = Dhcp6Association.Write(Profile.AssociationId, address.Length > 0 ? IPAddr.Parse(address) : null).ToList();
        Put(4, t1);
        Put(8, t2);
        if (address.Length > 0)
        {
            Put(32, preferred);
            Put(36, valid);
        }

        if (status != 0)
            value.AddRange([0, 13, 0, 2, 0, (byte)status]);
        return (Dhcp6Option.NonTemporary, [.. value]);

        void Put(int at, uint number)
        {
            for (var i = 0; i < 4; i++)
                value[at + i] = (byte)(number >> (24 - 8 * i));
        }
    }

    private static Dhcp6Message Message(
        Client6State to,
        Dhcp6Type type,
        (ushort, byte[])? association,
        byte[]? server = null,
        params (ushort, byte[])[] more
    ) =>
        new()
        {
            Type = type,
            Xid = to.Xid,
            Options =
            [
                (Dhcp6Option.ClientIdentifier, to.Profile.Duid),
                (Dhcp6Option.ServerIdentifier, server ?? FirstServer),
                .. association is { } one ? [one] : Array.Empty<(ushort, byte[])>(),
                .. more,
            ],
        };

    private static readonly (ushort, byte[]) Good = Association("fd00::5", 1000, 2000, 500, 800);

    private static Client6Step Tick(Client6State state) => Client6Machine.Next(state, new Tick(), state.Due);

    private static Client6Step Give(Client6State state, Dhcp6Message message, long now = Began) =>
        Client6Machine.Next(state, new Arrived6(message), now);

    private static Client6Step Start(ClientTimings? timings = null, Client6Profile? profile = null) =>
        Client6Machine.Next(Client6State.Start(profile ?? Profile, timings ?? Timings, 42, Began), new Linked(), Began);

    private static Client6State Requesting(ClientTimings? timings = null)
    {
        var state = Give(Start(timings).State, Message(Start(timings).State, Dhcp6Type.Advertise, Good)).State;
        return Tick(state).State;
    }

    private static Client6State Bound((ushort, byte[])? association = null)
    {
        var state = Requesting();
        return Give(state, Message(state, Dhcp6Type.Reply, association ?? Good)).State;
    }

    private static Dhcp6Message Sent(Client6Step step) => Assert.IsType<Transmit6>(Assert.Single(step.Actions)).Message;

    [Fact]
    public void Four_messages_make_a_lease_of_128_bits()
    {
        var solicit = Start();
        Assert.Equal(Dhcp6Type.Solicit, Sent(solicit).Type);
        Assert.Null(Sent(solicit).Server);
        Assert.Equal([0, 0], Sent(solicit).Find(Dhcp6Option.ElapsedTime)!);
        Assert.Equal([0, 4], Sent(solicit).Client!.AsSpan(0, 2).ToArray());
        var collected = Give(solicit.State, Message(solicit.State, Dhcp6Type.Advertise, Good));
        Assert.Empty(collected.Actions);
        var request = Tick(collected.State);
        Assert.Equal(Dhcp6Type.Request, Sent(request).Type);
        Assert.Equal(FirstServer, Sent(request).Server!);
        Assert.NotEqual(solicit.State.Xid, request.State.Xid);
        Assert.Equal("fd00::5", Sent(request).FindAssociation(Profile.AssociationId)!.Addresses[0].Address.ToString());
        var bound = Give(request.State, Message(request.State, Dhcp6Type.Reply, Good), Began + 7);
        var lease = Assert.IsType<Hold6>(Assert.Single(bound.Actions)).Lease;
        Assert.Equal("fd00::5/128", lease.Prefix.ToString());
        Assert.Equal((Began + 7 + 500_000, Began + 7 + 800_000, Began + 7 + 2_000_000), (lease.Renewal, lease.Rebinding, lease.Expiry));
        Assert.Equal(lease.Renewal, bound.State.Due);
    }

    [Fact]
    public void It_waits_for_a_link_local_address_and_says_why_it_gave_up()
    {
        var step = Tick(Client6State.Start(Profile, Timings, 1, Began));
        Assert.IsType<FindLinkLocal>(Assert.Single(step.Actions));
        var none = Client6Machine.Next(step.State, new NotLinked("fe80::1 is tentative"), Began);
        Assert.Empty(none.Actions);
        Assert.Equal(Began + 100, none.State.Due);
        var failed = Client6Machine.Next(none.State, new Tick(), Began + Timings.GiveUp);
        Assert.Contains(
            "nothing sent: fe80::1 is tentative",
            Assert.IsType<Fail>(Assert.Single(failed.Actions)).Reason,
            StringComparison.Ordinal
        );
    }

    // RFC 8415, 15: RT is 2*RTprev + RAND*RTprev, at most MRT + RAND*MRT.
    [Fact]
    public void Unanswered_SOLICITs_are_sent_after_pauses_that_double_up_to_the_longest_until_ADD_ends()
    {
        var step = Start();
        var first = step.State.Due - Began;
        Assert.InRange(first, 1001, 1100);
        var xid = step.State.Xid;
        var before = first;
        for (var i = 0; i < 40; i++)
        {
            var at = step.State.Due;
            step = Tick(step.State);
            Assert.Equal((Dhcp6Type.Solicit, xid), (Sent(step).Type, Sent(step).Xid));
            var pause = step.State.Due - at;
            if (2.1 * before < Timings.LongestPause)
                Assert.InRange(pause, before * 1.9 - 1, before * 2.1 + 1);
            else
                Assert.InRange(pause, 0, Timings.LongestPause * 1.1);
            before = pause;
            if (step.State.Due == Began + Timings.GiveUp)
                break;
        }

        var failed = Tick(step.State);
        var reason = Assert.IsType<Fail>(Assert.Single(failed.Actions)).Reason;
        Assert.StartsWith("no more tries: DHCPv6: ", reason, StringComparison.Ordinal);
        Assert.Contains("the last one SOLICIT, 0 ADVERTISE received; no server has answered", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1000, 30_000, 0, 0, 1000)]
    [InlineData(1000, 30_000, 0, -100, 900)]
    [InlineData(1000, 30_000, 1000, 100, 2100)]
    [InlineData(1000, 30_000, 20_000, 100, 33_000)]
    [InlineData(1000, 30_000, 20_000, -100, 27_000)]
    [InlineData(1000, 0, 20_000, 0, 40_000)]
    public void A_pause_is_that_of_RFC_8415(long first, long longest, long before, int random, long expected) =>
        Assert.Equal(expected, new Retransmission(first, longest, 0).Next(before, random));

    [Fact]
    public void Servers_are_chosen_by_preference_within_the_first_second_and_one_of_255_at_once()
    {
        var start = Start().State;
        var low = Give(start, Message(start, Dhcp6Type.Advertise, Good, FirstServer, (Dhcp6Option.Preference, [1]))).State;
        var high = Give(low, Message(start, Dhcp6Type.Advertise, Good, SecondServer, (Dhcp6Option.Preference, [9]))).State;
        var lower = Give(high, Message(start, Dhcp6Type.Advertise, Good, FirstServer, (Dhcp6Option.Preference, [8]))).State;
        Assert.Equal(SecondServer, Sent(Tick(lower)).Server!);
        var must = Give(low, Message(start, Dhcp6Type.Advertise, Good, SecondServer, (Dhcp6Option.Preference, [255])));
        Assert.Equal((Dhcp6Type.Request, SecondServer), (Sent(must).Type, Sent(must).Server!));
        // After the first pause the first one counts.
        var again = Tick(start).State;
        Assert.Equal(Dhcp6Type.Request, Sent(Give(again, Message(again, Dhcp6Type.Advertise, Good))).Type);
    }

    [Fact]
    public void A_message_of_another_transaction_or_to_another_client_or_without_a_server_changes_nothing()
    {
        var state = Start().State;
        var good = Message(state, Dhcp6Type.Advertise, Good);
        Dhcp6Message[] foreign =
        [
            good with
            {
                Xid = state.Xid ^ 1,
            },
            good with
            {
                Options = [(Dhcp6Option.ClientIdentifier, [0, 4, 9]), .. good.Options.Skip(1)],
            },
            good with
            {
                Options = [.. good.Options.Skip(1)],
            },
            good with
            {
                Options = [good.Options[0], .. good.Options.Skip(2)],
            },
            good with
            {
                Type = Dhcp6Type.Solicit,
            },
            good with
            {
                Type = Dhcp6Type.Reconfigure,
            },
        ];
        Assert.All(foreign, each => Assert.Same(state, Give(state, each).State));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    [InlineData(77)]
    public void An_ADVERTISE_that_refuses_is_not_taken_and_said(ushort status)
    {
        var state = Start().State;
        var step = Give(state, Message(state, Dhcp6Type.Advertise, Association("fd00::5", 10, 20, status: status)));
        Assert.Null(step.State.Offer);
        step = Give(
            step.State,
            Message(state, Dhcp6Type.Advertise, null, null, (Dhcp6Option.Status, [0, (byte)status, (byte)'n', (byte)'o']))
        );
        Assert.Null(step.State.Offer);
        Assert.Contains(status == 2 ? "(NoAddrsAvail: no)" : ": no)", step.State.Seen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_REQUEST_is_sent_ten_times_and_then_servers_are_looked_for_again()
    {
        var state = Requesting();
        for (var i = 1; i < 10; i++)
        {
            var step = Tick(state);
            Assert.Equal((Dhcp6Type.Request, state.Xid), (Sent(step).Type, Sent(step).Xid));
            Assert.InRange(step.State.Due - state.Due, 1, 33_000);
            state = step.State;
        }

        var search = Tick(state with { GiveUpAt = Never });
        Assert.Empty(search.Actions);
        Assert.Equal((Client6Phase.Soliciting, 0), (search.State.Phase, search.State.Sends));
        Assert.Equal(Dhcp6Type.Solicit, Sent(Tick(search.State)).Type);
    }

    [Fact]
    public void The_REPLY_of_another_server_is_not_taken()
    {
        var state = Requesting();
        var step = Give(state, Message(state, Dhcp6Type.Reply, Good, SecondServer));
        Assert.Empty(step.Actions);
        Assert.Equal(Client6Phase.Requesting, step.State.Phase);
    }

    [Theory]
    [InlineData(2, true)] // NoAddrsAvail
    [InlineData(4, true)] // NotOnLink
    [InlineData(3, true)] // NoBinding
    [InlineData(1, false)] // UnspecFail
    [InlineData(5, false)] // UseMulticast
    public void A_refused_REQUEST_leads_to_other_servers_or_is_sent_again(ushort status, bool isOver)
    {
        var state = Requesting();
        var inside = Give(state, Message(state, Dhcp6Type.Reply, Association("", 0, 0, status: status)));
        var whole = Give(state, Message(state, Dhcp6Type.Reply, null, null, (Dhcp6Option.Status, [0, (byte)status])));
        Assert.All(
            new[] { inside, whole },
            step =>
            {
                Assert.Empty(step.Actions);
                Assert.Equal(isOver ? Client6Phase.Soliciting : Client6Phase.Requesting, step.State.Phase);
                Assert.Contains(((Dhcp6Status)status).ToString(), step.State.Seen.ToString(), StringComparison.Ordinal);
            }
        );
    }

    // A server that wants to be taken and then refuses, each time at once.
    [Fact]
    public void A_server_that_refuses_again_and_again_is_asked_after_longer_and_longer_pauses()
    {
        var state = Start(Timings with { GiveUp = 10_000_000 }).State;
        var now = Began;
        long before = 0;
        for (var i = 0; i < 6; i++)
        {
            var request = Give(state, Message(state, Dhcp6Type.Advertise, Good, null, (Dhcp6Option.Preference, [255])), now).State;
            var refused = Give(request, Message(request, Dhcp6Type.Reply, Association("", 0, 0, status: 2)), now).State;
            Assert.InRange(refused.Due - now, Math.Max(before, 1000), Timings.LongestPause);
            before = refused.Due - now;
            now = refused.Due;
            state = Tick(refused).State;
        }

        Assert.Equal(Timings.LongestPause, before);
    }

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
