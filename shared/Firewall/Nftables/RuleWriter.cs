using System.Runtime.InteropServices;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// Writes a rule's statements in their order, and before each what nft puts there by itself: a table of several families has to ask for the
/// family before an address, every table for the protocol before a port. What was asked for once in the rule holds to its end.
/// </summary>
internal sealed class RuleWriter(ExpressionWriter expressions, NftFamily family, uint firstSet = 0)
{
    private bool? knownIs6 = family switch
    {
        NftFamily.IPv4 => false,
        NftFamily.IPv6 => true,
        _ => null,
    };
    private byte knownProtocol;
    private bool isEther = family == NftFamily.Bridge;
    private uint nextSet = firstSet;

    /// <summary>The opcodes.</summary>
    public ExpressionWriter Expressions => expressions;

    /// <summary>The family of the packets that come this far; null: any.</summary>
    public bool? KnownIs6 => knownIs6;

    /// <summary>The number, in its batch, of the rule's next nameless set.</summary>
    public uint TakeSet() => nextSet++;

    /// <summary>Requires an Ethernet header unless it is known already: only a bridge's frames all have one.</summary>
    public void RequireEther()
    {
        // include/uapi/linux/if_arp.h: ARPHRD_ETHER.
        const ushort Ether = 1;
        if (isEther)
            return;
        Span<byte> value = stackalloc byte[2];
        MemoryMarshal.Write(value, Ether);
        CompareMeta(NFT_META_IIFTYPE, value);
        isEther = true;
    }

    /// <summary>Requires the family unless it is known already.</summary>
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

    /// <summary>Requires the transport protocol unless it is known already.</summary>
    public void RequireProtocol(byte protocol)
    {
        if (knownProtocol == protocol)
            return;
        CompareMeta(NFT_META_L4PROTO, [protocol]);
        knownProtocol = protocol;
    }

    /// <summary>Only packets of this transport protocol come further.</summary>
    public void NoteProtocol(byte protocol) => knownProtocol = protocol;

    private void CompareMeta(uint key, ReadOnlySpan<byte> value)
    {
        expressions.Meta(key, 0);
        expressions.Compare(NFT_CMP_EQ, value);
    }
}
