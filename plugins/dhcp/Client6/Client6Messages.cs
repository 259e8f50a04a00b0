using System.Buffers.Binary;
using Plugboard.Addresses;
using Plugboard.Dhcp.Wire;

namespace Plugboard.Dhcp.Client6;

/// <summary>The messages of a client; each goes to all servers of the link. Source: RFC 8415, 18.2, 21.7, appendix B. Pure.</summary>
internal static class Client6Messages
{
    private static readonly byte[] requested =
    [
        0,
        (byte)Dhcp6Option.DnsServers,
        0,
        (byte)Dhcp6Option.DomainSearch,
        0,
        (byte)Dhcp6Option.SolicitMaximum,
    ];

    private static readonly byte[] requestedWithoutAddress =
    [
        0,
        (byte)Dhcp6Option.DnsServers,
        0,
        (byte)Dhcp6Option.DomainSearch,
        0,
        (byte)Dhcp6Option.RefreshTime,
        0,
        (byte)Dhcp6Option.InformationMaximum,
    ];

    /// <summary>The phase's message.</summary>
    /// <param name="state">The client, whose message this is.</param>
    /// <param name="type">What it is.</param>
    /// <param name="server">The server that it is for; null: any.</param>
    /// <param name="address">The address that it is about; null: none.</param>
    /// <param name="now">The time.</param>
    public static Transmit6 Of(Client6State state, Dhcp6Type type, byte[]? server, IPAddr? address, long now)
    {
        var options = new List<(ushort Code, byte[] Value)> { (Dhcp6Option.ClientIdentifier, state.Profile.Duid) };
        if (server is not null)
            options.Add((Dhcp6Option.ServerIdentifier, server));
        options.Add((Dhcp6Option.ElapsedTime, Elapsed(state, now)));
        if (type == Dhcp6Type.InformationRequest)
            options.Add((Dhcp6Option.Requested, requestedWithoutAddress));
        else
            options.Add((Dhcp6Option.NonTemporary, Dhcp6Association.Write(state.Profile.AssociationId, address)));
        if (type is Dhcp6Type.Solicit or Dhcp6Type.Request or Dhcp6Type.Renew or Dhcp6Type.Rebind)
            options.Add((Dhcp6Option.Requested, requested));
        return new Transmit6(
            new Dhcp6Message
            {
                Type = type,
                Xid = state.Xid,
                Options = options,
            }
        );
    }

    // Hundredths of a second since the first message of the exchange.
    private static byte[] Elapsed(Client6State state, long now)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(
            bytes,
            state.Sends <= 1 ? (ushort)0 : (ushort)Math.Clamp((now - state.PhaseBegan) / 10, 0, ushort.MaxValue)
        );
        return bytes;
    }
}
