using Plugboard.Addresses;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>Goes on where a value is, or is not, the one wanted: <c>ip daddr != 10.1.0.0/16</c>.</summary>
public sealed class Compare : Statement
{
    private readonly Selector selector;
    private readonly bool inverted;
    private readonly byte[] from;
    private readonly byte[] to;
    private readonly byte[]? mask;

    private Compare(Selector selector, bool inverted, byte[] from, byte[] to, byte[]? mask = null)
    {
        this.selector = selector;
        this.inverted = inverted;
        this.from = from;
        this.to = to;
        this.mask = mask;
    }

    /// <summary>One value.</summary>
    public static Compare Equal(Selector selector, Field value, bool inverted = false) => new(selector, inverted, value.Bytes, value.Bytes);

    /// <summary>A range of values, both ends included.</summary>
    public static Compare Within(Selector selector, Field from, Field to, bool inverted = false) => new(selector, inverted, from.Bytes, to.Bytes);

    /// <summary>The addresses of a network.</summary>
    public static Compare InNetwork(Selector selector, IPPrefix network, bool inverted = false)
    {
        var first = network.Network.Address;
        return new Compare(selector, inverted, Field.Of(first).Bytes, Field.Of(network.Last).Bytes, Mask(network));
    }

    private static byte[] Mask(IPPrefix network)
    {
        var kept = new byte[network.Address.ByteCount];
        for (var bit = 0; bit < network.Length; bit++)
            kept[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return kept;
    }

    internal override void Write(RuleWriter rule)
    {
        selector.Require(rule);
        selector.Load(rule, 0);
        var isOne = from.AsSpan().SequenceEqual(to);
        if (!isOne && mask is null)
        {
            rule.Expressions.Range(inverted, from, to);
            return;
        }

        if (!isOne)
            rule.Expressions.And(mask);
        rule.Expressions.Compare(inverted ? NFT_CMP_NEQ : NFT_CMP_EQ, from);
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => $"{selector}{(inverted ? " !=" : "")} {FieldText.Describe([selector.Type], from, to)}";
}
