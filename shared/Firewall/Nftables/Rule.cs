using Plugboard.Firewall.Nftables.Statements;

namespace Plugboard.Firewall.Nftables;

/// <summary>A rule: statements that are tried from left to right.</summary>
/// <param name="Chain">Its chain.</param>
/// <param name="Statements">What it says.</param>
public sealed record Rule(Chain Chain, IReadOnlyList<Statement> Statements)
{
    /// <summary>Its comment, at most 128 bytes; empty: none.</summary>
    public string Comment { get; init; } = "";

    /// <summary>Data in the rule for the next writer of the same table; null: none.</summary>
    internal RuleStamp? Stamp { get; init; }

    /// <summary>The rule in nft's words, without table and chain.</summary>
    public override string ToString()
    {
        var text = string.Join(' ', Statements);
        return Comment.Length == 0 ? text : $"{text} comment \"{Comment}\"";
    }
}
