using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Testing;
using static Plugboard.Tests.Kernel.Coordinator.Masquerade.MasqueradeNode;

namespace Plugboard.Tests.Kernel.Coordinator.Masquerade;

/// <summary>The file as the node sees it; what only the file itself tells is in the tests without a kernel.</summary>
public sealed class ConfigFileTests
{
    [KernelFact]
    public void A_first_start_with_a_bad_file_masquerades_by_the_defaults_and_says_so()
    {
        using var node = new MasqueradeNode(new MasqueradeOptions(), "nonMasqueradeCIDRs: [nonsense]");

        var outcome = node.Sync(SyncCause.Start);

        Assert.Contains("nonsense", Assert.Single(outcome.Problems), StringComparison.Ordinal);
        Assert.Equal(Eth0, node.SeenFromPod(Internet));
        Assert.Equal(PodAddress, node.SeenFromPod(Private));
    }

    [KernelFact]
    public void A_file_that_turns_bad_leaves_the_last_good_one_in_force_and_healing_goes_on()
    {
        using var node = new MasqueradeNode(new MasqueradeOptions(), "nonMasqueradeCIDRs: [203.0.113.0/24]");
        node.SyncWell();
        File.WriteAllText(node.ConfigPath, "{*");
        node.SyncWell(SyncCause.Source);
        node.Tool("nft flush ruleset");

        node.SyncWell(SyncCause.Kernel);

        Assert.Equal(PodAddress, node.SeenFromPod(Internet));
        Assert.Equal(Eth0, node.SeenFromPod(Private));
        node.SyncWell(SyncCause.Audit);
        Assert.Contains(node.Reconciler.Warnings, warning => warning.Contains("last valid", StringComparison.Ordinal));
        File.Delete(node.ConfigPath);
        node.SyncWell(SyncCause.Source);
        Assert.Equal(Eth0, node.SeenFromPod(Internet));
    }
}
