using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>A test in a guest of arm64: skipped with the reason where it cannot be booted.</summary>
public sealed class Arm64FactAttribute : FactAttribute
{
    public Arm64FactAttribute() => Skip = Refusal;

    /// <summary>Why there is no such guest; null where there is.</summary>
    public static string? Refusal =>
        !File.Exists("/usr/bin/qemu-system-aarch64") ? "the Debian package qemu-system-arm is not installed"
        : !Directory.Exists(PluginDirectory.Arm64) ? "there are no executables for arm64: ./build.sh --arch arm64 makes them"
        : null;
}
