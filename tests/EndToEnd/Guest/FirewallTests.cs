using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// A kernel whose nftables cannot do what the native backend wants: iptables takes its place where the choice is free, and an error says so
/// where it is not.
/// </summary>
[Collection("guests of networks: one at a time")]
public sealed class FirewallTests(FirewallTests.Fixture guest) : IClassFixture<FirewallTests.Fixture>
{
    public sealed class Fixture() : ScriptedGuest("firewall.sh", isInstalled: true);

    private CniOutput Step(string name) => guest.Step(name);

    [IptablesGuestFact]
    public void Ports_and_masquerading_are_iptables_where_nftables_cannot_do_them()
    {
        foreach (var step in (ReadOnlySpan<string>)["bridge-add", "status", "add", "check", "page", "del", "bridge-del"])
            Step(step).Succeeded();
        var nat = Step("nat").Succeeded().Output;
        Assert.Contains("-j CNI-DN-", nat, StringComparison.Ordinal);
        Assert.Contains("-A POSTROUTING -s 10.1.0.", nat, StringComparison.Ordinal);
        var after = Step("nat-after").Succeeded().Output;
        Assert.DoesNotContain("CNI-DN-", after, StringComparison.Ordinal);
        Assert.DoesNotContain("-s 10.1.0.", after, StringComparison.Ordinal);
        Assert.Equal("", Step("records").Succeeded().Output.Trim());
    }

    [IptablesGuestFact]
    public void A_policy_is_iptables_rules_where_nftables_cannot_drop()
    {
        foreach (var step in (ReadOnlySpan<string>)["accept", "accept-check", "accept-del"])
            Step(step).Succeeded();
        var filter = Step("filter").Succeeded().Output;
        Assert.Contains("-A CNI-FORWARD -s 10.1.0.", filter, StringComparison.Ordinal);
        Assert.Contains("-A CNI-ISOLATION-STAGE-1 -i cni0 -o cni0", filter, StringComparison.Ordinal);
        var after = Step("filter-after").Succeeded().Output;
        Assert.DoesNotContain("-j ACCEPT", after, StringComparison.Ordinal);
        Assert.DoesNotContain("CNI-ISOLATION", after, StringComparison.Ordinal);
    }

    [IptablesGuestFact]
    public void Where_nftables_was_asked_for_the_error_says_what_is_missing()
    {
        foreach (var step in (ReadOnlySpan<string>)["bridge-nftables", "nftables-add"])
        {
            Assert.Equal(2, Step(step).Code);
            Assert.Contains("this kernel's nftables lacks it", Step(step).Details, StringComparison.Ordinal);
        }
    }

    // Of bridges it says so until the module is there, and the ADDs after that succeed.
    [IptablesGuestFact]
    public void The_doctor_finds_what_the_kernel_lacks_and_no_more_once_it_is_there()
    {
        Assert.Equal(["kernel-bridge", "kernel-inet-nat"], OfTheKernel("doctor-before"));
        Assert.Equal(["kernel-inet-nat"], OfTheKernel("doctor-after"));
    }

    private List<string> OfTheKernel(string step) =>
        [
            .. Step(step).Json["findings"]!
                .AsArray()
                .Select(static finding => (string)finding!["id"]!)
                .Where(static id => id.StartsWith("kernel-", StringComparison.Ordinal)),
        ];
}
