using Plugboard.Addresses;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>Goes on where a value is, or is not, the one wanted: <c>ip daddr != 10.1.0.0/16</c>.</summary>
public sealed class Cmp : Statement
{
    private readonly Selector selector;
    private readonly bool inverted;
    private readonly byte[] from;
    private readonly byte[] to;
    private readonly IPPrefix? network;

    private Cmp(Selector selector, bool inverted, byte[] from, byte[] to, IPPrefix? network = null)
    {
        this.selector = selector;
        this.inverted = inverted;
        this.from = from;
        this.to = to;
        this.network = network;
    }

    /// <summary>One value.</summary>
    public static Cmp Equal(Selector selector, Field value, bool inverted = false) => new(selector, inverted, value.Bytes, value.Bytes);

    /// <summary>A range of values, both ends included; not of links.</summary>
    public static Cmp Within(Selector selector, Field from, Field to, bool inverted = false) =>
        new(selector, inverted, from.Bytes, to.Bytes);

    /// <summary>The addresses of a network.</summary>
    public static Cmp InNetwork(Selector selector, IPPrefix network, bool inverted = false)
    {
        var first = network.Network.Address;
        return new Cmp(selector, inverted, Field.Of(first).Bytes, Field.Of(network.Last).Bytes, network);
    }

    internal override void Write(RuleWriter rule)
    {
        selector.Require(rule);
        if (from.AsSpan().SequenceEqual(to))
            WriteOne(rule);
        else if (network is { } prefix)
            WriteNetwork(rule, prefix);
        else
            WriteRange(rule);
    }

    private uint Operation => inverted ? NFT_CMP_NEQ : NFT_CMP_EQ;

    private void WriteOne(RuleWriter rule)
    {
        selector.Load(rule, 0);
        rule.Expressions.Compare(Operation, from);
        if (selector.IsProtocol && !inverted)
            rule.NoteProtocol(from[0]);
    }

    // Whole bytes need no mask.
    private void WriteNetwork(RuleWriter rule, IPPrefix prefix)
    {
        var bytes = prefix.Length / 8;
        if (prefix.Length % 8 == 0 && bytes > 0)
        {
            selector.LoadStart(rule, bytes);
            rule.Expressions.Compare(Operation, from.AsSpan(0, bytes));
            return;
        }

        var kept = new byte[from.Length];
        for (var bit = 0; bit < prefix.Length; bit++)
            kept[bit / 8] |= (byte)(0x80 >> (bit % 8));
        selector.Load(rule, 0);
        rule.Expressions.And(kept);
        rule.Expressions.Compare(Operation, from);
    }

    // The kernel compares bytes from left to right: numbers have to be in network order.
    private void WriteRange(RuleWriter rule)
    {
        var (first, last) = (from, to);
        selector.Load(rule, 0);
        if (selector.Type is { IsHostEndian: true, Length: > 1 } && BitConverter.IsLittleEndian)
        {
            rule.Expressions.ToNetworkOrder(selector.Type.Length);
            (first, last) = (Reversed(from), Reversed(to));
        }

        if (inverted)
        {
            rule.Expressions.Range(inverted, first, last);
            return;
        }

        rule.Expressions.Compare(NFT_CMP_GTE, first);
        rule.Expressions.Compare(NFT_CMP_LTE, last);
    }

    private static byte[] Reversed(byte[] number)
    {
        var reversed = (byte[])number.Clone();
        Array.Reverse(reversed);
        return reversed;
    }

    /// <summary>nft's words.</summary>
    public override string ToString() => $"{selector}{(inverted ? " !=" : "")} {FieldText.Describe([selector.Type], from, to)}";
}
