using Xunit;

namespace Plugboard.Testing;

/// <summary>
/// A theory that needs a network namespace of its own: skipped with the reason where the kernel refuses one, but not in CI.
/// </summary>
public sealed class KernelTheoryAttribute : TheoryAttribute
{
    public KernelTheoryAttribute() => Skip = KernelAccess.Refusal;
}
