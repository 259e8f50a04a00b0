namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>A test in a guest kernel: skipped with the reason if absent, but not in CI.</summary>
public sealed class GuestFactAttribute : FactAttribute
{
    public GuestFactAttribute() => Skip = GuestKernel.Refusal;
}
