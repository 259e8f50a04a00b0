using System.Runtime.InteropServices;

namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>The ports that a change of address puts in, both ends included. The rule has to ask for a protocol with ports before.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last; not below the first.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NatPorts(ushort First, ushort Last)
{
    /// <summary>One port.</summary>
    public NatPorts(ushort port)
        : this(port, port) { }

    private int Count => First == Last ? 1 : 2;

    /// <summary>Loads them behind so many values; returns how many values they are.</summary>
    internal static int Load(NatPorts? ports, RuleWriter rule, int behind)
    {
        if (ports is not { } range)
            return 0;
        rule.Expressions.Immediate(Field.Port(range.First).Bytes, ExpressionWriter.ValueAt(behind));
        if (range.Count > 1)
            rule.Expressions.Immediate(Field.Port(range.Last).Bytes, ExpressionWriter.ValueAt(behind + 1));
        return range.Count;
    }

    /// <summary>nft's words for options, with a blank before.</summary>
    internal static string Words(NatOptions options)
    {
        var words = "";
        foreach (
            var (option, word) in (ReadOnlySpan<(NatOptions, string)>)
                [(NatOptions.Random, "random"), (NatOptions.FullyRandom, "fully-random"), (NatOptions.Persistent, "persistent")]
        )
        {
            if (options.HasFlag(option))
                words += words.Length == 0 ? " " + word : "," + word;
        }

        return words;
    }

    /// <summary>nft's words: <c>80</c> or <c>1024-2047</c>.</summary>
    public override string ToString() => Count == 1 ? $"{First}" : $"{First}-{Last}";
}
