using Plugboard.Firewall.Nftables.Statements;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesCompatH;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>The opcodes that do something to a packet or its flow.</summary>
internal sealed partial class ExpressionWriter
{
    // include/uapi/linux/netfilter/nf_nat.h.
    private const uint NF_NAT_RANGE_PROTO_SPECIFIED = 2;

    /// <summary>
    /// Where the value number n of those begins that are loaded one by one: each has 16 bytes of registers, as nft gives them.
    /// </summary>
    public static int ValueAt(int number) => 16 * number;

    /// <summary>
    /// Changes the source or the destination to an address, value 0, and to no port, one or a range, the values behind it.
    /// </summary>
    /// <param name="type">NFT_NAT_SNAT or NFT_NAT_DNAT.</param>
    /// <param name="is6">The family of the address.</param>
    /// <param name="ports">How many values are ports: 0 to 2.</param>
    /// <param name="options">How ports are chosen.</param>
    public void Nat(uint type, bool is6, int ports, NatOptions options = NatOptions.None) =>
        WriteNat((type, is6), ports, ValueAt(1), options);

    /// <summary>
    /// Changes the destination to the address and the port that a map has put into the first registers, one behind the other.
    /// </summary>
    public void NatToElement(bool is6) => WriteNat((NFT_NAT_DNAT, is6), 1, is6 ? 16 : 4, NatOptions.None);

    private void WriteNat((uint Type, bool Is6) kind, int ports, int at, NatOptions options)
    {
        var (type, is6) = kind;
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "nat");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_NAT_TYPE, type);
        writer.WriteUInt32BigEndian(NFTA_NAT_FAMILY, (uint)(is6 ? NftFamily.IPv6 : NftFamily.IPv4));
        writer.WriteUInt32BigEndian(NFTA_NAT_REG_ADDR_MIN, Register(0));
        if (ports > 0)
            writer.WriteUInt32BigEndian(NFTA_NAT_REG_PROTO_MIN, Register(at));
        if (ports > 1)
            writer.WriteUInt32BigEndian(NFTA_NAT_REG_PROTO_MAX, Register(at + ValueAt(1)));
        WriteNatFlags(NFTA_NAT_FLAGS, ports, options);
    }

    /// <summary>Changes the source to the address of the link that the packet leaves by, and its port to the first values.</summary>
    public void Masquerade(int ports, NatOptions options)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "masq");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        WriteNatFlags(NFTA_MASQ_FLAGS, ports, options);
        if (ports > 0)
            writer.WriteUInt32BigEndian(NFTA_MASQ_REG_PROTO_MIN, Register(0));
        if (ports > 1)
            writer.WriteUInt32BigEndian(NFTA_MASQ_REG_PROTO_MAX, Register(ValueAt(1)));
    }

    private void WriteNatFlags(ushort type, int ports, NatOptions options)
    {
        var flags = (uint)options | (ports > 0 ? NF_NAT_RANGE_PROTO_SPECIFIED : 0);
        if (flags != 0)
            writer.WriteUInt32BigEndian(type, flags);
    }

    /// <summary>Changes what is known of the packet's flow, NFT_CT_*, to the first registers.</summary>
    public void SetCt(uint key)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "ct");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_CT_SREG, Register(0));
        writer.WriteUInt32BigEndian(NFTA_CT_KEY, key);
    }

    /// <summary>Continues if a match of xtables does.</summary>
    public void Match(string name, uint revision, ReadOnlySpan<byte> info)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "match");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteString(NFTA_MATCH_NAME, name);
        writer.WriteUInt32BigEndian(NFTA_MATCH_REV, revision);
        writer.WriteBytes(NFTA_MATCH_INFO, info);
    }

    /// <summary>Counts packets and bytes.</summary>
    public void Counter()
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "counter");
        using var data = writer.Nested(NFTA_EXPR_DATA);
    }

    /// <summary>Goes on with so many packets in so many seconds, or with those beyond.</summary>
    public void Limit(ulong packets, ulong seconds, uint burst, bool isOver)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "limit");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt64BigEndian(NFTA_LIMIT_RATE, packets);
        writer.WriteUInt64BigEndian(NFTA_LIMIT_UNIT, seconds);
        writer.WriteUInt32BigEndian(NFTA_LIMIT_BURST, burst);
        writer.WriteUInt32BigEndian(NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
        writer.WriteUInt32BigEndian(NFTA_LIMIT_FLAGS, isOver ? NFT_LIMIT_F_INV : 0);
    }

    /// <summary>Has the kernel log the packet.</summary>
    public void Log(string prefix)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "log");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        if (prefix.Length > 0)
            writer.WriteString(NFTA_LOG_PREFIX, prefix);
        // The kernel's default, which it lists.
        writer.WriteUInt32BigEndian(NFTA_LOG_LEVEL, NFT_LOGLEVEL_WARNING);
    }

    /// <summary>Rejects the packet and informs its sender.</summary>
    public void Reject(uint type, byte code)
    {
        using var element = writer.Nested(NFTA_LIST_ELEM);
        writer.WriteString(NFTA_EXPR_NAME, "reject");
        using var data = writer.Nested(NFTA_EXPR_DATA);
        writer.WriteUInt32BigEndian(NFTA_REJECT_TYPE, type);
        // A reset has no code, and the kernel lists none.
        if (type != NFT_REJECT_TCP_RST)
            writer.WriteUInt8(NFTA_REJECT_ICMP_CODE, code);
    }
}
