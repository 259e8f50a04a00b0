using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>The part of a packet that a rule reads. Source: nft(8), PRIMARY and PAYLOAD EXPRESSIONS.</summary>
public sealed class Selector
{
    private readonly string text;
    private readonly Action<ExpressionWriter, int> load;
    private int addressOffset;

    private Selector(string text, DataType type, Action<ExpressionWriter, int> load)
    {
        this.text = text;
        Type = type;
        this.load = load;
    }

    /// <summary>The type of the value.</summary>
    public DataType Type { get; }

    /// <summary>The family a packet must be of; null: any.</summary>
    internal bool? Is6 { get; private init; }

    /// <summary>The transport protocol a packet must be of; 0: any.</summary>
    internal byte Protocol { get; private init; }

    /// <summary>It is the transport protocol.</summary>
    internal bool IsProtocol { get; private init; }

    /// <summary>Only frames with an Ethernet header have it.</summary>
    internal bool IsOfEther { get; private init; }

    /// <summary><c>ip saddr</c> or <c>ip6 saddr</c>.</summary>
    public static Selector Saddr(bool is6) => Address(is6, "saddr", is6 ? 8 : 12);

    /// <summary><c>ip daddr</c> or <c>ip6 daddr</c>.</summary>
    public static Selector Daddr(bool is6) => Address(is6, "daddr", is6 ? 24 : 16);

    /// <summary><c>th sport</c>: of whichever protocol has ports.</summary>
    public static Selector Sport =>
        new("th sport", DataType.InetService, static (writer, to) => writer.Payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, to));

    /// <summary><c>th dport</c>.</summary>
    public static Selector Dport =>
        new("th dport", DataType.InetService, static (writer, to) => writer.Payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, to));

    /// <summary><c>tcp sport</c> and the like.</summary>
    /// <param name="word"><c>tcp</c>, <c>udp</c> or <c>sctp</c>.</param>
    /// <param name="protocol">Its number.</param>
    /// <param name="isSource"><c>sport</c>, not <c>dport</c>.</param>
    public static Selector PortOf(string word, byte protocol, bool isSource) =>
        new(
            $"{word} {(isSource ? "sport" : "dport")}",
            DataType.InetService,
            (writer, to) => writer.Payload(NFT_PAYLOAD_TRANSPORT_HEADER, isSource ? 0 : 2, 2, to)
        )
        {
            Protocol = protocol,
        };

    /// <summary><c>icmpv6 type</c>.</summary>
    public static Selector Icmpv6Type =>
        new("icmpv6 type", DataType.Icmpv6Type, static (writer, to) => writer.Payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, to))
        {
            Protocol = 58,
        };

    /// <summary><c>ip6 hoplimit</c>.</summary>
    public static Selector HopLimit =>
        new("ip6 hoplimit", DataType.HopLimit, static (writer, to) => writer.Payload(NFT_PAYLOAD_NETWORK_HEADER, 7, 1, to)) { Is6 = true };

    /// <summary><c>ether saddr</c>.</summary>
    public static Selector EtherSaddr =>
        new("ether saddr", DataType.EtherAddr, static (writer, to) => writer.Payload(NFT_PAYLOAD_LL_HEADER, 6, 6, to)) { IsOfEther = true };

    /// <summary><c>ether daddr</c>.</summary>
    public static Selector EtherDaddr =>
        new("ether daddr", DataType.EtherAddr, static (writer, to) => writer.Payload(NFT_PAYLOAD_LL_HEADER, 0, 6, to)) { IsOfEther = true };

    /// <summary><c>ether type</c>: of a tagged frame that of its outer tag, 0x8100 or 0x88a8, also if the kernel has it beside the frame.
    /// </summary>
    public static Selector EtherType =>
        new("ether type", DataType.EtherType, static (writer, to) => writer.Payload(NFT_PAYLOAD_LL_HEADER, 12, 2, to)) { IsOfEther = true };

    /// <summary><c>vlan id</c>, after a comparison of <see cref="EtherType"/> with that of a tag.</summary>
    public static Selector VlanId =>
        new(
            "vlan id",
            DataType.VlanId,
            static (writer, to) =>
            {
                writer.Payload(NFT_PAYLOAD_LL_HEADER, 14, 2, to);
                writer.And([0x0f, 0xff]);
            }
        )
        {
            IsOfEther = true,
        };

    /// <summary><c>meta l4proto</c>.</summary>
    public static Selector L4Proto =>
        new("meta l4proto", DataType.InetProto, static (writer, to) => writer.Meta(NFT_META_L4PROTO, to)) { IsProtocol = true };

    /// <summary><c>meta mark</c>.</summary>
    public static Selector MetaMark => Meta("meta mark", DataType.Mark, NFT_META_MARK);

    /// <summary><c>iifname</c>.</summary>
    public static Selector Iifname => Meta("iifname", DataType.IfName, NFT_META_IIFNAME);

    /// <summary><c>oifname</c>.</summary>
    public static Selector Oifname => Meta("oifname", DataType.IfName, NFT_META_OIFNAME);

    /// <summary><c>ct mark</c>.</summary>
    public static Selector CtMark => new("ct mark", DataType.Mark, static (writer, to) => writer.Ct(NFT_CT_MARK, to));

    /// <summary><c>ct direction</c>: 0 for what the flow's opener sends, 1 for the answers.</summary>
    public static Selector CtDirection =>
        new("ct direction", DataType.FlowDirection, static (writer, to) => writer.Ct(NFT_CT_DIRECTION, to));

    /// <summary>
    /// <c>numgen random mod 4</c>: for each packet a number from 0 on, below <paramref name="modulus"/>, which is at least 1.
    /// </summary>
    public static Selector NumgenRandom(uint modulus) =>
        new($"numgen random mod {modulus}", DataType.Number, (writer, to) => writer.Random(modulus, to));

    /// <summary>As <see cref="Random"/>, in network order: the key of a map with <see cref="Set.RandomBelow"/>, alone.</summary>
    public static Selector NumgenInc(uint modulus) =>
        new(
            $"numgen random mod {modulus}",
            DataType.Number,
            (writer, to) =>
            {
                writer.Random(modulus, to);
                writer.ToNetworkOrder(DataType.Number.Length);
            }
        );

    private static Selector Address(bool is6, string word, int offset)
    {
        void Load(ExpressionWriter writer, int to) => writer.Payload(NFT_PAYLOAD_NETWORK_HEADER, offset, is6 ? 16 : 4, to);
        return new Selector((is6 ? "ip6 " : "ip ") + word, DataType.Address(is6), Load) { Is6 = is6, addressOffset = offset };
    }

    private static Selector Meta(string text, DataType type, uint key) => new(text, type, (writer, to) => writer.Meta(key, to));

    /// <summary>Writes the conditions that must hold before the part can be read.</summary>
    internal void Require(RuleWriter rule)
    {
        if (Is6 is { } is6)
            rule.RequireFamily(is6);
        if (Protocol != 0)
            rule.RequireProtocol(Protocol);
        if (IsOfEther)
            rule.RequireEther();
    }

    /// <summary>Loads the value.</summary>
    internal void Load(RuleWriter rule, int to) => load(rule.Expressions, to);

    /// <summary>Loads the first bytes of an address.</summary>
    internal void LoadStart(RuleWriter rule, int length) => rule.Expressions.Payload(NFT_PAYLOAD_NETWORK_HEADER, addressOffset, length, 0);

    /// <summary>nft's words.</summary>
    public override string ToString() => text;
}
