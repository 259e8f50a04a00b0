using System.Runtime.InteropServices;
using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Dhcp.Client6;

/// <summary>Who a client is, and what it asks for.</summary>
internal sealed record Client6Profile
{
    private const int UuidLength = 16;
    private const int DuidUuid = 4; // RFC 8415, 11.5

    /// <summary>The client's DUID.</summary>
    public required byte[] Duid { get; init; }

    /// <summary>The identifier of its one association.</summary>
    public required uint AssociationId { get; init; }

    /// <summary>Only DNS is asked for, no address.</summary>
    public bool IsStateless { get; init; }

    /// <summary>
    /// The client of an attachment. Nothing of it is the link's: the ipvlans of a link share its hardware address.
    /// </summary>
    public static Client6Profile From(Attachment owner, bool isStateless)
    {
        var uuid = Convert.FromHexString(Sha512.Hex($"{owner.ContainerId}/{owner.Network}/{owner.IfName}")).AsSpan(0, UuidLength);
        // RFC 9562, 5.8: version 8, made in a way of one's own.
        uuid[6] = (byte)(uuid[6] & 0x0f | 0x80);
        uuid[8] = (byte)(uuid[8] & 0x3f | 0x80);
        return new Client6Profile
        {
            Duid = [0, DuidUuid, .. uuid],
            AssociationId = Convert.ToUInt32(Sha512.Hex(owner.IfName)[..8], 16),
            IsStateless = isStateless,
        };
    }
}

/// <summary>
/// How a message is sent again, in milliseconds. Source: RFC 8415, 15, 7.6.
/// </summary>
/// <param name="First">IRT.</param>
/// <param name="Longest">MRT; 0: no limit.</param>
/// <param name="MostSends">MRC; 0: no limit.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Retransmission(long First, long Longest, int MostSends)
{
    public static readonly Retransmission Request = new(1000, 30_000, 10);
    public static readonly Retransmission Renew = new(10_000, 600_000, 0);
    public static readonly Retransmission Rebind = new(10_000, 600_000, 0);
    public static readonly Retransmission Release = new(1000, 0, 4);
    public static readonly Retransmission Decline = new(1000, 0, 4);

    /// <summary>SOLICIT and INFORMATION-REQUEST, whose longest pause a server may set.</summary>
    public static Retransmission Search(long longest) => new(1000, longest, 0);

    /// <summary>The next pause: RT = IRT + RAND*IRT, then 2*RTprev + RAND*RTprev, at most MRT + RAND*MRT.</summary>
    /// <param name="before">The pause before; 0: none.</param>
    /// <param name="random">RAND as thousandths, -100 to 100.</param>
    public long Next(long before, int random)
    {
        var pause = before == 0 ? First + First * random / 1000 : 2 * before + before * random / 1000;
        return Longest > 0 && pause > Longest ? Longest + Longest * random / 1000 : pause;
    }
}
