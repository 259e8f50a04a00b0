namespace Plugboard.Doctor.Nat;

/// <summary>A rule, as far as it matters for one packet.</summary>
/// <param name="Chain">Its chain.</param>
/// <param name="Matches">Whether the packet matches.</param>
/// <param name="Action">What it does then.</param>
/// <param name="Target">The chain that it jumps or goes to; empty where it does not.</param>
/// <param name="Comment">What its maker says of it.</param>
internal sealed record NatRule(string Chain, Match Matches, NatAction Action, string Target, string Comment);

/// <summary>Whether a packet matches a rule.</summary>
internal enum Match
{
    No,

    /// <summary>The rule asks for something that is not known here.</summary>
    Maybe,

    Yes,
}

/// <summary>What a rule does.</summary>
internal enum NatAction
{
    /// <summary>Nothing that matters here.</summary>
    None,

    Jump,

    Goto,

    Return,

    /// <summary>Accepts, drops, or sends elsewhere: the chains of this hook's table see it no more.</summary>
    End,

    /// <summary>Changes the sender's address.</summary>
    Snat,
}
