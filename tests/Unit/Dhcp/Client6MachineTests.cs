using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Client6;
using Plugboard.Dhcp.Wire;
using static Plugboard.Tests.Unit.Dhcp.Client6Steps;

namespace Plugboard.Tests.Unit.Dhcp;

/// <summary>The DHCPv6 client as a function until it has a lease: each pause of RFC 8415, refusals, silence, others' messages.</summary>
public sealed class Client6MachineTests
{
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
}
