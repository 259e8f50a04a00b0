using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Flannel;

/// <summary>The keys of <c>delegate</c>, which only the delegate knows.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class DelegateKeyTests
{
    [KernelTheory]
    [InlineData("""{"delegate":{"hairpinMod":true}}""", "delegate.hairpinMod: is not a key of bridge and has no effect")]
    [InlineData("""{"delegate":{"mtu":"1450"}}""", "delegate.mtu: ")]
    [InlineData("""{"delegate":{"type":"ptp","isDefaultGateway":null,"hairpinMode":null,"mtu":9}}""", "delegate.mtu: invalid mtu 9")]
    public void Validate_says_what_the_delegate_finds_wrong_with_them(string patch, string message)
    {
        using var flannel = new FlannelNode();
        var (exitCode, output, _) = Validate(flannel, patch);
        Assert.Equal(1, exitCode);
        Assert.Contains(message, output, StringComparison.Ordinal);
        Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [KernelTheory]
    [InlineData("{}")]
    [InlineData("""{"delegate":{"type":"ptp","isDefaultGateway":null,"hairpinMode":null}}""")]
    [InlineData("""{"delegate":{"type":"of-another-make","key":1}}""")]
    public void Validate_has_nothing_to_say_about_right_keys_or_about_another_program(string patch)
    {
        using var flannel = new FlannelNode();
        Assert.Equal((0, "The config is valid.\n", ""), Validate(flannel, patch));
    }

    private static (int ExitCode, string Output, string Error) Validate(FlannelNode flannel, string patch) =>
        flannel.Node.TryTool([Path.Combine(PluginDirectory.Ours, "flannel"), "validate"], flannel.Config(patch).ToJsonString());
}
