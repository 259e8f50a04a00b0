namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>A theory in a guest kernel: skipped with the reason if absent, but not in CI.</summary>
public sealed class GuestTheoryAttribute : TheoryAttribute
{
    public GuestTheoryAttribute() => Skip = GuestKernel.Refusal;
}
