using Plugboard.Firewall.Nftables.Statements;

namespace Plugboard.Firewall.Nftables;

/// <summary>A rule: statements that are tried from left to right.</summary>
/// <param name="Chain">Its chain.</param>
/// <param name="Statements">What it says.</param>
public sealed record Rule(Chain Chain, IReadOnlyList<Statement> Statements)
{
    /// <summary>What a reader is told of it, at most 128 bytes; empty: nothing.</summary>
    public string Comment { get; init; } = "";

    /// <summary>What is left in it for who writes the same table again; null: nothing.</summary>
    internal RuleStamp? Stamp { get; init; }

    /// <summary>The rule in nft's words, without table and chain.</summary>
    public override string ToString()
    {
        var text = string.Join(' ', Statements);
        return Comment.Length == 0 ? text : $"{text} comment \"{Comment}\"";
    }
}
