using Xunit;

namespace Plugboard.Testing;

/// <summary>
/// A test that needs a network namespace of its own: skipped with the reason where the kernel refuses one, but not in CI.
/// </summary>
public sealed class KernelFactAttribute : FactAttribute
{
    public KernelFactAttribute() => Skip = KernelAccess.Refusal;
}
