namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>One of nft's statements: it prints itself as nft reads it and writes itself as the kernel executes it.</summary>
public abstract class Statement
{
    /// <summary>The set that must exist before the rule; null: none.</summary>
    internal virtual AnonymousSet? OwnSet => null;

    /// <summary>Writes the opcodes.</summary>
    internal abstract void Write(RuleWriter rule);
}
