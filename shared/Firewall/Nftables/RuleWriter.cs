using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// Writes a rule's statements in their order, and before each what nft puts there by itself: a table of several families has to ask for the family before an address,
/// every table for the protocol before a port. What was asked for once in the rule holds to its end.
/// </summary>
internal sealed class RuleWriter(ExpressionWriter expressions, NftFamily family)
{
    private bool? knownIs6 = family switch { NftFamily.IPv4 => false, NftFamily.IPv6 => true, _ => null };
    private byte knownProtocol;

    /// <summary>The opcodes.</summary>
    public ExpressionWriter Expressions => expressions;

    /// <summary>Asks for the family where it is not known yet.</summary>
    public void RequireFamily(bool is6)
    {
        if (knownIs6 == is6)
            return;
        if (family == NftFamily.Bridge)
            CompareMeta(NFT_META_PROTOCOL, is6 ? [0x86, 0xdd] : [0x08, 0x00]);
        else
            CompareMeta(NFT_META_NFPROTO, [(byte)(is6 ? NftFamily.IPv6 : NftFamily.IPv4)]);
        knownIs6 = is6;
    }

    /// <summary>Asks for the transport protocol where it is not known yet.</summary>
    public void RequireProtocol(byte protocol)
    {
        if (knownProtocol == protocol)
            return;
        CompareMeta(NFT_META_L4PROTO, [protocol]);
        knownProtocol = protocol;
    }

    private void CompareMeta(uint key, ReadOnlySpan<byte> value)
    {
        expressions.Meta(key, 0);
        expressions.Compare(NFT_CMP_EQ, value);
    }
}
