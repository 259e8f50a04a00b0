using Xunit;

namespace Plugboard.Testing;

/// <summary>
/// A test that needs a feature of the kernel besides a namespace: skipped with the reason where the kernel lacks it. Where
/// PLUGBOARD_KERNEL=full, as in the guest that has them all, it runs and fails.
/// </summary>
public sealed class KernelFeatureFactAttribute : FactAttribute
{
    public KernelFeatureFactAttribute(KernelFeature feature)
    {
        Feature = feature;
        Skip = KernelAccess.Refusal ?? KernelAccess.Lack(feature);
    }

    public KernelFeature Feature { get; }
}
