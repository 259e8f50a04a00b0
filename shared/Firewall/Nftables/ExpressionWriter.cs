using Plugboard.Netlink;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// Writes the opcodes of rules, one expression per method. Registers are identified by their first byte: the kernel has 64 bytes of them,
/// and a position at the start of an old 16-byte register gets the old number, as in nft. Source: include/uapi/linux/netfilter/nf_tables.h.
/// </summary>
internal sealed partial class ExpressionWriter(NetlinkWriter writer)
{
    /// <summary>The number of the register that begins at a byte.</summary>
    public static uint Register(int at) => at % 16 == 0 ? NFT_REG_1 + (uint)at / 16 : NFT_REG32_00 + (uint)at / 4;

    /// <summary>Loads a part of the packet.</summary>
    /// <param name="header">NFT_PAYLOAD_LL_HEADER 0, NETWORK 1, TRANSPORT 2.</param>
    /// <param name="offset">Bytes from the header's start.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="to">The register's byte.</param>
    public void Payload(uint header, int offset, int length, int to)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "payload");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_PAYLOAD_DREG, Register(to));
        writer.WriteUInt32BigEndian(NFTA_PAYLOAD_BASE, header);
        writer.WriteUInt32BigEndian(NFTA_PAYLOAD_OFFSET, (uint)offset);
        writer.WriteUInt32BigEndian(NFTA_PAYLOAD_LEN, (uint)length);
    }

    /// <summary>Loads what the kernel knows of the packet, NFT_META_*.</summary>
    public void Meta(uint key, int to)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "meta");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_META_DREG, Register(to));
        writer.WriteUInt32BigEndian(NFTA_META_KEY, key);
    }

    /// <summary>Loads what is known of the packet's flow, NFT_CT_*.</summary>
    public void Ct(uint key, int to)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "ct");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_CT_DREG, Register(to));
        writer.WriteUInt32BigEndian(NFTA_CT_KEY, key);
    }

    /// <summary>Looks up a route.</summary>
    /// <param name="result">NFT_FIB_RESULT_*.</param>
    /// <param name="flags">NFTA_FIB_F_*: for which address.</param>
    /// <param name="to">The register's byte.</param>
    public void Fib(uint result, uint flags, int to)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "fib");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_FIB_DREG, Register(to));
        writer.WriteUInt32BigEndian(NFTA_FIB_RESULT, result);
        writer.WriteUInt32BigEndian(NFTA_FIB_FLAGS, flags);
    }

    /// <summary>Loads a random number below another.</summary>
    public void Random(uint modulus, int to)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "numgen");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_NG_DREG, Register(to));
        writer.WriteUInt32BigEndian(NFTA_NG_MODULUS, modulus);
        writer.WriteUInt32BigEndian(NFTA_NG_TYPE, NFT_NG_RANDOM);
    }

    /// <summary>Continues if a register compares so with a value, NFT_CMP_*.</summary>
    public void Compare(uint operation, ReadOnlySpan<byte> value)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "cmp");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_CMP_SREG, NFT_REG_1);
        writer.WriteUInt32BigEndian(NFTA_CMP_OP, operation);
        WriteValue(NFTA_CMP_DATA, value);
    }

    /// <summary>Continues if a register is, or is not, within bounds.</summary>
    public void Range(bool inverted, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "range");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_RANGE_SREG, NFT_REG_1);
        writer.WriteUInt32BigEndian(NFTA_RANGE_OP, inverted ? NFT_RANGE_NEQ : NFT_RANGE_EQ);
        WriteValue(NFTA_RANGE_FROM_DATA, from);
        WriteValue(NFTA_RANGE_TO_DATA, to);
    }

    /// <summary>Converts a number of so many bytes in a register to network order.</summary>
    public void ToNetworkOrder(int length)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "byteorder");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_BYTEORDER_SREG, NFT_REG_1);
        writer.WriteUInt32BigEndian(NFTA_BYTEORDER_DREG, NFT_REG_1);
        writer.WriteUInt32BigEndian(NFTA_BYTEORDER_OP, NFT_BYTEORDER_HTON);
        writer.WriteUInt32BigEndian(NFTA_BYTEORDER_LEN, (uint)length);
        writer.WriteUInt32BigEndian(NFTA_BYTEORDER_SIZE, (uint)length);
    }

    /// <summary>Keeps the bits of a mask.</summary>
    public void And(ReadOnlySpan<byte> mask)
    {
        Span<byte> zero = stackalloc byte[16];
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "bitwise");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_BITWISE_SREG, NFT_REG_1);
        writer.WriteUInt32BigEndian(NFTA_BITWISE_DREG, NFT_REG_1);
        writer.WriteUInt32BigEndian(NFTA_BITWISE_LEN, (uint)mask.Length);
        WriteValue(NFTA_BITWISE_MASK, mask);
        WriteValue(NFTA_BITWISE_XOR, zero[..mask.Length]);
    }

    /// <summary>Continues if the key in the registers is, or is not, in a set.</summary>
    public void Lookup(string set, bool inverted)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "lookup");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteString(NFTA_LOOKUP_SET, set);
        writer.WriteUInt32BigEndian(NFTA_LOOKUP_SREG, NFT_REG_1);
        if (inverted)
            writer.WriteUInt32BigEndian(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    }

    /// <summary>Continues if the key in the registers is, or is not, in a nameless set of the same batch.</summary>
    public void Lookup(uint setId, bool inverted)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "lookup");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteString(NFTA_LOOKUP_SET, AnonymousSet.KernelName);
        writer.WriteUInt32BigEndian(NFTA_LOOKUP_SET_ID, setId);
        writer.WriteUInt32BigEndian(NFTA_LOOKUP_SREG, NFT_REG_1);
        if (inverted)
            writer.WriteUInt32BigEndian(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    }

    /// <summary>Goes on with what a map's key leads to, in the first registers or, for a verdict, at once.</summary>
    public void LookupInto(string map, bool isVerdict)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "lookup");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteString(NFTA_LOOKUP_SET, map);
        writer.WriteUInt32BigEndian(NFTA_LOOKUP_SREG, NFT_REG_1);
        writer.WriteUInt32BigEndian(NFTA_LOOKUP_DREG, isVerdict ? NFT_REG_VERDICT : NFT_REG_1);
    }

    /// <summary>Loads a value.</summary>
    public void Immediate(ReadOnlySpan<byte> value, int to)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "immediate");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_IMMEDIATE_DREG, Register(to));
        WriteValue(NFTA_IMMEDIATE_DATA, value);
    }

    /// <summary>Decides.</summary>
    public void Immediate(Verdict verdict)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "immediate");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
        WriteVerdict(NFTA_IMMEDIATE_DATA, verdict);
    }

    /// <summary>An attribute that holds a value.</summary>
    public void WriteValue(ushort type, ReadOnlySpan<byte> value)
    {
        using var data = writer.Nested(type);
        writer.WriteBytes(NFTA_DATA_VALUE, value);
    }

    /// <summary>An attribute that holds a verdict.</summary>
    public void WriteVerdict(ushort type, Verdict verdict)
    {
        using var data = writer.Nested(type);
        using var nested = writer.Nested(NFTA_DATA_VERDICT);
        writer.WriteUInt32BigEndian(NFTA_VERDICT_CODE, (uint)verdict.Code);
        if (verdict.Chain.Length > 0)
            writer.WriteString(NFTA_VERDICT_CHAIN, verdict.Chain);
    }
}
