using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>A test in a guest whose network card has virtual functions: skipped with the reason where it cannot be booted.</summary>
public sealed class SriovFactAttribute : FactAttribute
{
    public SriovFactAttribute() => Skip = Refusal;

    /// <summary>Where qemu and the guest's kernel are unpacked.</summary>
    public static string Packages => $"{PluginDirectory.Root}/artifacts/sriov-guest";

    /// <summary>Why there is no such guest; null where there is.</summary>
    public static string? Refusal =>
        File.Exists($"{Packages}/.complete")
            ? null
            : "qemu with the card igb is not there: deploy/sriov-packages.sh artifacts/sriov-guest downloads it";
}
