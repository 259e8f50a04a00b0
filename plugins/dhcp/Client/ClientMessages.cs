using System.Buffers.Binary;
using Plugboard.Addresses;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Dhcp.Client;

/// <summary>The messages of a client. Source: RFC 2131, 4.3.2, table 5. Pure.</summary>
internal static class ClientMessages
{
    private const ushort LargestMessage = 1500;
    private const ulong AllHosts = 0xffff_ffff_ffff;

    private static readonly IPAddr None = IPAddr.V4(0);
    private static readonly IPAddr All = IPAddr.V4(uint.MaxValue);

    /// <summary>Looks for servers.</summary>
    public static Transmit Discover(ClientState state, long now) =>
        ToAll(Message(state, DhcpType.Discover, now, state.Wanted is { } wanted ? [(DhcpOption.RequestedAddress, Bytes(wanted))] : []));

    /// <summary>Asks for what a server has offered.</summary>
    public static Transmit Select(ClientState state, DhcpMessage offer, long now) =>
        ToAll(
            Message(
                state,
                DhcpType.Request,
                now,
                [(DhcpOption.RequestedAddress, Bytes(offer.YourAddress)), (DhcpOption.ServerIdentifier, Bytes(offer.Server ?? None))]
            )
        );

    /// <summary>Asks all servers whether the client may have the address that it has.</summary>
    public static Transmit Reboot(ClientState state, long now) =>
        ToAll(Message(state, DhcpType.Request, now, [(DhcpOption.RequestedAddress, Bytes(state.Wanted ?? None))]));

    /// <summary>Asks its server to extend the lease.</summary>
    public static Transmit Renew(ClientState state, Lease lease, long now) =>
        new(
            Message(state, DhcpType.Request, now, []) with
            {
                ClientAddress = lease.Address.Address,
                Broadcast = false,
            },
            lease.Address.Address,
            lease.Server,
            lease.ServerHardware
        );

    /// <summary>Asks all servers to extend the lease.</summary>
    public static Transmit Rebind(ClientState state, Lease lease, long now) =>
        new(
            Message(state, DhcpType.Request, now, []) with
            {
                ClientAddress = lease.Address.Address,
                Broadcast = false,
            },
            lease.Address.Address,
            All,
            new MacAddress(AllHosts)
        );

    /// <summary>Refuses an address that another interface has.</summary>
    public static Transmit Decline(ClientState state, Lease lease) =>
        ToAll(
            Bare(
                state.Profile,
                state.Xid,
                DhcpType.Decline,
                [
                    (DhcpOption.RequestedAddress, Bytes(lease.Address.Address)),
                    (DhcpOption.ServerIdentifier, Bytes(lease.Server)),
                    (DhcpOption.Message, "the address is in use"u8.ToArray()),
                ]
            )
        );

    /// <summary>Gives the lease back, from its address: a server drops what comes from 0.0.0.0 to its own address.</summary>
    public static Transmit Release(ClientProfile profile, Lease lease, uint xid) =>
        new(
            Bare(profile, xid, DhcpType.Release, [(DhcpOption.ServerIdentifier, Bytes(lease.Server))]) with
            {
                ClientAddress = lease.Address.Address,
            },
            lease.Address.Address,
            lease.Server,
            lease.ServerHardware
        );

    private static Transmit ToAll(DhcpMessage message) => new(message, None, All, new MacAddress(AllHosts));

    private static DhcpMessage Message(ClientState state, DhcpType type, long now, List<(byte Code, byte[] Value)> more)
    {
        var profile = state.Profile;
        var bare = Bare(profile, state.Xid, type, more);
        var options = new List<(byte Code, byte[] Value)>(bare.Options);
        var size = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(size, LargestMessage);
        options.Add((DhcpOption.MaximumMessageSize, size));
        if (profile.Requested.Count > 0)
            options.Add((DhcpOption.ParameterRequestList, [.. profile.Requested]));
        foreach (var provided in profile.Provided)
        {
            options.RemoveAll(each => each.Code == provided.Code);
            options.Add(provided);
        }

        return bare with
        {
            Options = options,
            Seconds = SecondsOf(state, now),
            Broadcast = profile.Broadcast,
        };
    }

    private static DhcpMessage Bare(ClientProfile profile, uint xid, DhcpType type, List<(byte Code, byte[] Value)> more) =>
        new()
        {
            Xid = xid,
            Hardware = profile.Hardware,
            Options = [(DhcpOption.MessageType, [(byte)type]), (DhcpOption.ClientIdentifier, profile.ClientId), .. more],
        };

    private static ushort SecondsOf(ClientState state, long now) => (ushort)Math.Clamp((now - state.Began) / 1000, 0, ushort.MaxValue);

    private static byte[] Bytes(IPAddr address)
    {
        var bytes = new byte[address.ByteCount];
        address.WriteBytes(bytes);
        return bytes;
    }
}
