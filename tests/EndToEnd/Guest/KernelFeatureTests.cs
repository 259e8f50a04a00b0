namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>The netlink tests that are skipped on a kernel without VLANs and dummies.</summary>
[Collection("guests of networks: one at a time")]
public sealed class KernelFeatureTests
{
    [GuestFact]
    public void They_pass_on_a_kernel_that_has_all_features()
    {
        var tests = Path.Combine(
            AppContext.BaseDirectory.Replace("/EndToEnd/", "/Kernel/", StringComparison.Ordinal),
            "Plugboard.Tests.Kernel.dll"
        );
        using var guest = GuestKernel.Run("kernel-tests.sh", $"TESTS={tests}", "FILTER=FullyQualifiedName~KernelFeatureTests");
        var step = guest.Step("tests").Succeeded();
        Assert.Matches(@"Failed: +0, Passed: +[1-9]\d*, Skipped: +0,", step.Output);
    }
}
