using Plugboard.Netlink;

namespace Plugboard.Firewall.Nftables;

/// <summary>A rule as the kernel has it, with what it says.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Opcodes">Its opcodes; equal to <see cref="Of"/>'s where it says the same. What it has counted so far is not in it.</param>
public sealed record RuleContent(ListedRule Rule, string Opcodes)
{
    /// <summary>
    /// What the kernel calls the rule's sets without names, in the order of their lookups; what is in them is not among the opcodes.
    /// </summary>
    public IReadOnlyList<string> NamelessSets { get; init; } = [];

    /// <summary>The opcodes of a desired rule.</summary>
    public static string Of(Rule rule)
    {
        var writer = new NetlinkWriter();
        var words = new RuleWriter(new ExpressionWriter(writer), rule.Chain.Table.Family);
        foreach (var statement in rule.Statements)
            statement.Write(words);
        return ExpressionReader.Describe(new AttributeReader(writer.Written), []);
    }
}
