using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Tests.Unit.Dhcp;

/// <summary>The client as a function: times, refusals, silence, and messages that are not for it. Times are milliseconds.</summary>
public sealed class ClientMachineTests
{
    private const long Began = 1_000_000;
    private const uint LeaseSeconds = 1000;

    private static readonly MacAddress Own = MacAddress.Parse("02:00:00:00:00:01");
    private static readonly MacAddress ServerHardware = MacAddress.Parse("02:00:00:00:00:02");

    private static readonly ClientProfile Profile = new()
    {
        Hardware = Own,
        ClientId = [0, 1],
        Requested = [3, 1],
        Provided = [],
    };

    private static readonly ClientTimings Timings = new(Answer: 10_000, LongestPause: 20_000, GiveUp: 100_000, Probe: 0);

    private static ClientState Start(ClientTimings? timings = null) => ClientState.Start(Profile, timings ?? Timings, 42, Began);

    private static DhcpMessage Reply(ClientState to, DhcpType type, string server = "10.0.0.1", string address = "10.0.0.5") =>
        new()
        {
            IsReply = true,
            Xid = to.Xid,
            Hardware = Own,
            YourAddress = IPAddr.Parse(address),
            Options =
            [
                (DhcpOption.MessageType, [(byte)type]),
                (DhcpOption.ServerIdentifier, BytesOf(server)),
                (DhcpOption.SubnetMask, [255, 255, 255, 0]),
                (DhcpOption.LeaseTime, [0, 0, (byte)(LeaseSeconds >> 8), (byte)(LeaseSeconds & 0xff)]),
            ],
        };

    private static byte[] BytesOf(string address)
    {
        var bytes = new byte[4];
        IPAddr.Parse(address).WriteBytes(bytes);
        return bytes;
    }

    private static ClientStep Tick(ClientState state) => ClientMachine.Next(state, new Tick(), state.Due);

    private static ClientStep Give(ClientState state, DhcpMessage message, long now) =>
        ClientMachine.Next(state, new Arrived(message, ServerHardware), now);

    private static ClientState Bound(ClientTimings? timings = null)
    {
        var state = Tick(Start(timings)).State;
        state = Give(state, Reply(state, DhcpType.Offer), Began).State;
        return Give(state, Reply(state, DhcpType.Ack), Began).State;
    }

    private static Transmit Sent(ClientStep step) => Assert.IsType<Transmit>(Assert.Single(step.Actions));

    [Fact]
    public void Four_messages_make_a_lease()
    {
        var discover = Tick(Start());
        Assert.Equal(DhcpType.Discover, Sent(discover).Message.Type);
        Assert.Equal("0.0.0.0", Sent(discover).Source.ToString());
        Assert.Equal("255.255.255.255", Sent(discover).Destination.ToString());
        var request = Give(discover.State, Reply(discover.State, DhcpType.Offer), Began + 5);
        Assert.Equal(DhcpType.Request, Sent(request).Message.Type);
        Assert.Equal(discover.State.Xid, Sent(request).Message.Xid);
        Assert.Equal("10.0.0.5", Sent(request).Message.FindAddress(DhcpOption.RequestedAddress).ToString());
        Assert.Equal("10.0.0.1", Sent(request).Message.Server.ToString());
        var bound = Give(request.State, Reply(request.State, DhcpType.Ack), Began + 10);
        var lease = Assert.IsType<Hold>(Assert.Single(bound.Actions)).Lease;
        Assert.Equal("10.0.0.5/24", lease.Address.ToString());
        Assert.Equal(Began + 10 + 500_000, lease.Renewal);
        Assert.Equal(Began + 10 + 875_000, lease.Rebinding);
        Assert.Equal(Began + 10 + 1_000_000, lease.Expiry);
        Assert.Equal(lease.Renewal, bound.State.Due);
    }

    [Fact]
    public void A_message_to_another_client_or_of_another_exchange_changes_nothing()
    {
        var state = Tick(Start()).State;
        var offer = Reply(state, DhcpType.Offer);
        foreach (
            var foreign in (DhcpMessage[])
                [offer with { Xid = state.Xid + 1 }, offer with { Hardware = ServerHardware }, offer with { IsReply = false }]
        )
        {
            Assert.Same(state, Give(state, foreign, Began).State);
        }
    }

    [Fact]
    public void The_acknowledgement_of_another_server_is_not_taken()
    {
        var state = Tick(Start()).State;
        state = Give(state, Reply(state, DhcpType.Offer), Began).State;
        var step = Give(state, Reply(state, DhcpType.Ack, server: "10.0.0.2"), Began);
        Assert.Empty(step.Actions);
        Assert.Equal(ClientPhase.Requesting, step.State.Phase);
        Assert.Contains("DHCPACK from 10.0.0.2", step.State.Seen.ToString(), StringComparison.Ordinal);
        Assert.Equal(ClientPhase.Requesting, Give(state, Reply(state, DhcpType.Nak, server: "10.0.0.2"), Began).State.Phase);
    }

    [Fact]
    public void A_silent_network_is_asked_less_and_less_often_until_it_gives_up()
    {
        var state = Start();
        var pauses = new List<long>();
        while (true)
        {
            var now = state.Due;
            var step = Tick(state);
            if (step.Actions is [Fail fail])
            {
                Assert.Equal(Began + Timings.GiveUp, now);
                Assert.StartsWith("no more tries", fail.Reason, StringComparison.Ordinal);
                Assert.Contains("no server has answered", fail.Reason, StringComparison.Ordinal);
                break;
            }

            Assert.Equal(DhcpType.Discover, Sent(step).Message.Type);
            pauses.Add(step.State.Due - now);
            state = step.State;
        }

        long[] expected = [1000, 2000, 4000, 8000, 16_000, 20_000, 20_000];
        for (var i = 0; i < expected.Length; i++)
            Assert.InRange(pauses[i], expected[i] * 9 / 10, expected[i] * 11 / 10);
    }

    [Fact]
    public void A_request_without_an_answer_is_followed_by_a_discover()
    {
        var state = Tick(Start()).State;
        state = Give(state, Reply(state, DhcpType.Offer), Began).State;
        var types = new List<DhcpType?>();
        var times = 0;
        while (state.Phase == ClientPhase.Requesting)
        {
            var step = Tick(state);
            types.Add(Sent(step).Message.Type);
            state = step.State;
            Assert.True(++times < 10);
        }

        Assert.Equal(DhcpType.Discover, types[^1]);
        Assert.All(types[..^1], static type => Assert.Equal(DhcpType.Request, type));
        Assert.InRange(state.PhaseBegan - Began, 10_000, 12_000);
    }

    [Fact]
    public void A_refusal_is_followed_by_a_pause_and_another_discover()
    {
        var state = Tick(Start()).State;
        state = Give(state, Reply(state, DhcpType.Offer), Began).State;
        var refused = Give(state, Reply(state, DhcpType.Nak), Began);
        Assert.Empty(refused.Actions);
        Assert.True(refused.State.Due > Began);
        var again = Tick(refused.State);
        Assert.Equal(DhcpType.Discover, Sent(again).Message.Type);
        Assert.NotEqual(state.Xid, again.State.Xid);
    }

    [Fact]
    public void At_T1_its_server_is_asked_at_T2_all_and_at_the_end_the_lease_is_lost()
    {
        var state = Bound();
        var lease = state.Lease!;
        var sent = new List<(long Time, bool IsToAll)>();
        while (true)
        {
            var now = state.Due;
            var step = Tick(state);
            if (step.Actions is [Lose lose])
            {
                Assert.Equal(lease.Expiry, now);
                Assert.Contains("expired", lose.Reason, StringComparison.Ordinal);
                Assert.Equal("10.0.0.5", step.State.Wanted.ToString());
                Assert.Equal(Lease.Never, step.State.GiveUpAt);
                break;
            }

            var request = Sent(step);
            Assert.Equal("10.0.0.5", request.Message.ClientAddress.ToString());
            Assert.Equal("10.0.0.5", request.Source.ToString());
            Assert.Null(request.Message.Server);
            Assert.Null(request.Message.Find(DhcpOption.RequestedAddress));
            sent.Add((now, request.Destination.Value == uint.MaxValue));
            state = step.State;
        }

        Assert.Equal(lease.Renewal, sent[0].Time);
        Assert.Equal(lease.Rebinding, sent.First(static each => each.IsToAll).Time);
        Assert.All(sent, each => Assert.Equal(each.Time >= lease.Rebinding, each.IsToAll));
        Assert.InRange(sent.Count, 4, 20);
    }

    [Fact]
    public void An_extended_lease_counts_from_its_acknowledgement()
    {
        var renewing = Tick(Bound());
        Assert.Equal(ServerHardware, Sent(renewing).Hardware);
        var now = renewing.State.Lease!.Renewal + 3;
        var bound = Give(renewing.State, Reply(renewing.State, DhcpType.Ack), now);
        Assert.Equal(now + 1_000_000, Assert.IsType<Hold>(Assert.Single(bound.Actions)).Lease.Expiry);
        Assert.Equal(ClientPhase.Bound, bound.State.Phase);
        Assert.Equal(now + 500_000, bound.State.Due);
    }

    [Fact]
    public void A_refusal_to_extend_loses_the_lease_at_once()
    {
        var renewing = Tick(Bound());
        var lost = Give(renewing.State, Reply(renewing.State, DhcpType.Nak), renewing.State.Lease!.Renewal + 3);
        Assert.Contains("refuses", Assert.IsType<Lose>(Assert.Single(lost.Actions)).Reason, StringComparison.Ordinal);
        Assert.False(lost.State.HasLease);
        Assert.Equal(DhcpType.Discover, Sent(Tick(lost.State)).Message.Type);
    }

    [Theory]
    [InlineData(500_000, "Renewing")]
    [InlineData(875_000, "Rebinding")]
    [InlineData(1_000_000, "Selecting")]
    [InlineData(9_000_000, "Selecting")]
    public void A_lease_that_was_left_alone_is_where_the_time_says(long after, string expected)
    {
        var lease = Bound().Lease!;
        var adopted = ClientState.Adopt(Profile, Timings, 7, lease);
        Assert.Equal(lease.Renewal, adopted.Due);
        Assert.True(adopted.HasLease);
        Assert.Equal(expected, ClientMachine.Next(adopted, new Tick(), Began + after).State.Phase.ToString());
    }

    private static ClientState Resumed(Lease? expired = null) =>
        ClientState.Resume(Profile, Timings, 7, IPAddr.Parse("10.0.0.5"), expired, Began);

    [Fact]
    public void An_address_of_an_unknown_lease_is_confirmed_by_any_server()
    {
        var asked = Tick(Resumed());
        var request = Sent(asked).Message;
        Assert.Equal((DhcpType.Request, "10.0.0.5"), (request.Type!.Value, request.FindAddress(DhcpOption.RequestedAddress).ToString()));
        Assert.Null(request.Server);
        Assert.True(request.ClientAddress.IsUnspecified);
        Assert.Equal("255.255.255.255", Sent(asked).Destination.ToString());
        Assert.False(asked.State.HasLease);
        var bound = Give(asked.State, Reply(asked.State, DhcpType.Ack), Began + 3);
        Assert.Equal(Began + 3 + 1_000_000, Assert.IsType<Hold>(Assert.Single(bound.Actions)).Lease.Expiry);
        Assert.True(bound.State.HasLease);
    }

    [Fact]
    public void An_address_that_no_server_confirms_stays_until_there_is_a_lease_if_its_end_is_unknown()
    {
        var state = Resumed();
        var times = new List<long>();
        for (var step = Tick(state); ; step = Tick(state))
        {
            // Neither Lose nor Fail.
            if (Sent(step).Message.Type == DhcpType.Discover)
            {
                Assert.Equal("10.0.0.5", Sent(step).Message.FindAddress(DhcpOption.RequestedAddress).ToString());
                Assert.Equal(Began + Timings.Answer, state.Due);
                Assert.Equal(Lease.Never, step.State.GiveUpAt);
                break;
            }

            times.Add(state.Due);
            state = step.State;
        }

        Assert.InRange(times.Count, 3, 5);
        Assert.Empty(ClientMachine.Next(state, new Stop(), state.Due).Actions);
    }

    [Fact]
    public void A_lease_that_has_expired_is_over_if_no_server_confirms_it_or_one_refuses()
    {
        var expired = Bound().Lease!;
        var state = Tick(Resumed(expired)).State;
        var refused = Give(state, Reply(state, DhcpType.Nak), Began + 5);
        Assert.Contains("refuses", Assert.IsType<Lose>(Assert.Single(refused.Actions)).Reason, StringComparison.Ordinal);
        var silent = ClientMachine.Next(state, new Tick(), Began + Timings.Answer);
        Assert.Contains("expired", Assert.IsType<Lose>(Assert.Single(silent.Actions)).Reason, StringComparison.Ordinal);
        Assert.Equal("10.0.0.5", silent.State.Wanted.ToString());
    }

    [Fact]
    public void A_lease_without_end_is_never_renewed()
    {
        var state = Tick(Start()).State;
        state = Give(state, Reply(state, DhcpType.Offer), Began).State;
        var ack = Reply(state, DhcpType.Ack);
        var options = ack.Options.Where(static option => option.Code != DhcpOption.LeaseTime);
        ack = ack with { Options = [.. options, (DhcpOption.LeaseTime, [255, 255, 255, 255])] };
        Assert.Equal(Lease.Never, Give(state, ack, Began).State.Due);
    }

    [Fact]
    public void An_address_that_another_interface_has_is_declined_and_asked_for_no_more()
    {
        var state = Tick(Start(Timings with { Probe = 200 })).State;
        state = Give(state, Reply(state, DhcpType.Offer), Began).State;
        var probing = Give(state, Reply(state, DhcpType.Ack), Began);
        Assert.Equal("10.0.0.5", Assert.IsType<AskFor>(Assert.Single(probing.Actions)).Address.ToString());
        Assert.Equal(Began + 100, probing.State.Due);
        var other = new ArpPacket(ServerHardware, IPAddr.Parse("10.0.0.5"), IPAddr.Parse("0.0.0.0"));
        var declined = ClientMachine.Next(probing.State, new Heard(other), Began + 50);
        Assert.Equal(DhcpType.Decline, Sent(declined).Message.Type);
        Assert.Equal(ClientPhase.Waiting, declined.State.Phase);
        Assert.Equal(Began + 50 + 1000, declined.State.Due);
        Assert.Null(Sent(Tick(declined.State)).Message.Find(DhcpOption.RequestedAddress));
        // No interface has it: after two probes it is held.
        var second = Tick(probing.State);
        Assert.IsType<AskFor>(Assert.Single(second.Actions));
        Assert.IsType<Hold>(Assert.Single(Tick(second.State).Actions));
    }

    [Fact]
    public void A_lease_is_given_back_from_its_address_and_a_client_without_one_says_nothing()
    {
        var stopped = ClientMachine.Next(Bound(), new Stop(), Began + 5);
        var release = Sent(stopped);
        Assert.Equal(DhcpType.Release, release.Message.Type);
        Assert.Equal(("10.0.0.5", "10.0.0.1"), (release.Source.ToString(), release.Destination.ToString()));
        Assert.Equal(Profile.ClientId, release.Message.Find(DhcpOption.ClientIdentifier));
        Assert.Equal(ClientPhase.Ended, stopped.State.Phase);
        Assert.Empty(ClientMachine.Next(Tick(Start()).State, new Stop(), Began).Actions);
    }

    [Fact]
    public void Nothing_is_done_before_its_time()
    {
        var state = Bound();
        Assert.Same(state, ClientMachine.Next(state, new Tick(), state.Due - 1).State);
    }

    [Fact]
    public void A_server_whose_offers_cannot_be_taken_is_not_waited_for_until_the_last_try()
    {
        var step = Tick(Start());
        while (step.State.Phase != ClientPhase.Ended)
        {
            var offer = Reply(step.State, DhcpType.Offer);
            offer = offer with { Options = [.. offer.Options.Where(IsNoMask), (DhcpOption.SubnetMask, [0, 0, 0, 0])] };
            // Another server with the same fault is no further try.
            var refused = Give(Give(step.State, offer, step.State.Due - 2).State, offer, step.State.Due - 1);
            Assert.Empty(refused.Actions);
            step = Tick(refused.State);
        }

        var reason = Assert.IsType<Fail>(Assert.Single(step.Actions)).Reason;
        Assert.StartsWith("no more tries: DHCPDISCOVER sent 4 times, DHCPREQUEST 0 times, 8 offers received; last received: ", reason);
        Assert.Contains("the DHCPOFFER of server 10.0.0.1 gives the subnet mask 0.0.0.0", reason, StringComparison.Ordinal);
        Assert.InRange(step.State.Due == Lease.Never ? Elapsed(reason) : 0, 10, 20);
    }

    [Fact]
    public void Beside_a_server_whose_offers_cannot_be_taken_another_one_gives_the_lease()
    {
        var state = Tick(Start()).State;
        for (var i = 0; i < 3; i++)
        {
            var offer = Reply(state, DhcpType.Offer);
            offer = offer with { Options = [.. offer.Options.Where(IsNoMask), (DhcpOption.SubnetMask, [0, 0, 0, 0])] };
            state = Tick(Give(state, offer, state.Due - 1).State).State;
        }

        state = Give(state, Reply(state, DhcpType.Offer, "10.0.0.9"), state.Due - 1).State;
        Assert.Equal(ClientPhase.Bound, Give(state, Reply(state, DhcpType.Ack, "10.0.0.9"), state.Due - 1).State.Phase);
    }

    // Its acknowledgement may have it.
    [Fact]
    public void An_offer_without_a_mask_is_taken()
    {
        var state = Tick(Start()).State;
        var offer = Reply(state, DhcpType.Offer);
        state = Give(state, offer with { Options = [.. offer.Options.Where(IsNoMask)] }, Began).State;
        Assert.Equal(ClientPhase.Bound, Give(state, Reply(state, DhcpType.Ack), Began).State.Phase);
    }

    private static bool IsNoMask((byte Code, byte[] Value) option) => option.Code != DhcpOption.SubnetMask;

    private static double Elapsed(string reason) =>
        double.Parse(reason.Split("(waited ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
}
