namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// bandwidth on Linux 6.1 without and with the modules that it needs: what bandwidth.sh did and saw there. A step here is a step there.
/// </summary>
[Collection("guests of networks: one at a time")]
public sealed class BandwidthTests(BandwidthTests.Fixture guest) : IClassFixture<BandwidthTests.Fixture>
{
    public sealed class Fixture() : ScriptedGuest("bandwidth.sh");

    [GuestTheory]
    [InlineData("tbf", "the kernel has no token buckets (tbf)")]
    [InlineData("ifb", "the kernel has no ifb devices")]
    [InlineData("mirred", "the kernel has no redirection")]
    public void A_kernel_that_lacks_what_a_limit_needs_is_named_and_nothing_is_left(string module, string message)
    {
        var status = guest.Step($"{module}-status");
        var add = guest.Step($"{module}-add");
        Assert.Equal((50, 2), (status.Code, add.Code));
        Assert.StartsWith(message, status.Message, StringComparison.Ordinal);
        Assert.StartsWith(message, add.Message, StringComparison.Ordinal);
        Assert.Contains(module, status.Details, StringComparison.Ordinal);
        Assert.Equal(guest.Step("before").Output, guest.Step($"{module}-left").Output);
    }

    [GuestFact]
    public void A_kernel_that_has_it_or_a_config_without_limits_is_well() => guest.Succeeded("none-status", "tbf-status-with", "status");

    [GuestFact]
    public void A_pod_is_limited_as_by_the_reference_and_each_checks_and_removes_what_the_other_has_set()
    {
        foreach (var who in (string[])["ours", "reference"])
        {
            guest.Succeeded($"{who}-add", $"{who}-reach", $"{who}-check", $"{who}-del", $"{who}-del-again");
            Assert.Equal(guest.Step("before").Output, guest.Step($"{who}-left").Output);
        }

        Assert.Equal(guest.Step("reference-qdiscs").Output, guest.Step("ours-qdiscs").Output);
    }
}
