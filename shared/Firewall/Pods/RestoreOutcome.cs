namespace Plugboard.Firewall.Pods;

/// <summary>The restored objects, or those that would be.</summary>
/// <param name="Lines">In nft's words, a line each; empty: nothing was missing.</param>
/// <param name="Problems">The objects that could not be restored, a sentence each.</param>
public sealed record RestoreOutcome(IReadOnlyList<string> Lines, IReadOnlyList<string> Problems)
{
    /// <summary>True where no problem concerns more than single pods.</summary>
    public bool IsNodePartRight { get; init; } = true;

    /// <summary>Nothing was missing.</summary>
    public static RestoreOutcome Nothing { get; } = new([], []);
}
