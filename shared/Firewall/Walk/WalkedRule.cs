namespace Plugboard.Firewall.Walk;

/// <summary>A rule, as far as it matters for one packet.</summary>
/// <param name="Chain">Its chain.</param>
/// <param name="Matches">Whether the packet matches.</param>
/// <param name="Action">What it does then.</param>
/// <param name="Target">The chain that it jumps or goes to; empty if it does not.</param>
/// <param name="Comment">What its maker says of it.</param>
internal sealed record WalkedRule(string Chain, Match Matches, RuleAction Action, string Target, string Comment)
{
    /// <summary>
    /// What has to be looked up in sets before it is known whether it matches; null: nothing, or it would not be known then either.
    /// </summary>
    public IReadOnlyList<SetLookup>? Lookups { get; init; }
}

/// <summary>A question to a set of the rule's table.</summary>
/// <param name="Set">The set's name.</param>
/// <param name="Key">What is looked up.</param>
/// <param name="IsInverted">The rule goes on if it is not there.</param>
/// <param name="LeadsToVerdict">The set is a map, and says what becomes of the packet.</param>
internal sealed record SetLookup(string Set, byte[] Key, bool IsInverted, bool LeadsToVerdict);

/// <summary>Whether a packet matches a rule.</summary>
internal enum Match
{
    No,

    /// <summary>The rule depends on unknown facts.</summary>
    Maybe,

    Yes,
}

/// <summary>What a rule does.</summary>
internal enum RuleAction
{
    /// <summary>Nothing that matters here.</summary>
    None,

    Jump,

    Goto,

    Return,

    /// <summary>Ends the chains of this table at this hook; the next table's chains see the packet.</summary>
    Accept,

    /// <summary>Drops or refuses it.</summary>
    Drop,

    /// <summary>Sends it elsewhere, as to a program: what becomes of it is not known here.</summary>
    End,

    /// <summary>Goes to a chain that a map says: where, is not known here.</summary>
    Unknown,

    /// <summary>Changes the sender's address.</summary>
    Snat,
}
