namespace Plugboard.Doctor;

/// <summary>What became of a fix.</summary>
/// <param name="Finding">What it was against.</param>
/// <param name="State">What became of it.</param>
/// <param name="Note">Why, where it was not done or taken back; else empty.</param>
public sealed record FixOutcome(Finding Finding, FixState State, string Note = "");
