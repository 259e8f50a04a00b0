using Plugboard.Addresses;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Client6;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Tests.Unit.Dhcp;

/// <summary>A client of DHCPv6, what a server answers, and the steps that follow: for tests of <see cref="Client6Machine"/>.</summary>
internal static class Client6Steps
{
    public const long Began = 1_000_000;
    public const long Never = long.MaxValue;

    public static readonly Client6Profile Profile = Client6Profile.From(new Attachment("lan", "c", "eth0"), isStateless: false);
    public static readonly ClientTimings Timings = new(Answer: 10_000, LongestPause: 20_000, GiveUp: 200_000, Probe: 0);
    public static readonly byte[] FirstServer = [0, 3, 0, 1, 1];
    public static readonly byte[] SecondServer = [0, 3, 0, 1, 2];

    public static (ushort, byte[]) Association(string address, uint preferred, uint valid, uint t1 = 0, uint t2 = 0, ushort status = 0)
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

    public static Dhcp6Message Message(
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

    public static readonly (ushort, byte[]) Good = Association("fd00::5", 1000, 2000, 500, 800);

    public static Client6Step Tick(Client6State state) => Client6Machine.Next(state, new Tick(), state.Due);

    public static Client6Step Give(Client6State state, Dhcp6Message message, long now = Began) =>
        Client6Machine.Next(state, new Arrived6(message), now);

    public static Client6Step Start(ClientTimings? timings = null, Client6Profile? profile = null) =>
        Client6Machine.Next(Client6State.Start(profile ?? Profile, timings ?? Timings, 42, Began), new Linked(), Began);

    public static Client6State Requesting(ClientTimings? timings = null)
    {
        var state = Give(Start(timings).State, Message(Start(timings).State, Dhcp6Type.Advertise, Good)).State;
        return Tick(state).State;
    }

    public static Client6State Bound((ushort, byte[])? association = null)
    {
        var state = Requesting();
        return Give(state, Message(state, Dhcp6Type.Reply, association ?? Good)).State;
    }

    public static Dhcp6Message Sent(Client6Step step) => Assert.IsType<Transmit6>(Assert.Single(step.Actions)).Message;
}
