using Plugboard.Addresses;
using Plugboard.Firewall.Accepting;
using Plugboard.Firewall.Firewalld;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Restoring;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Pods;

/// <summary>Accepted pods and the policies of their bridges, restored and by iptables alone.</summary>
public sealed class AcceptedPodTests : IDisposable
{
    private readonly TestMachine machine = new();

    private static PodRecordStore Records => new(PodRecordStore.Root + "/firewall");

    private static AcceptedPod Pod(int number, IngressPolicy policy = IngressPolicy.SameBridge) =>
        new()
        {
            Owner = new Attachment("net", $"pod{number}", "eth0"),
            Addresses = [IPAddr.Parse($"10.0.0.{number}"), IPAddr.Parse($"fd00::{number}")],
            Bridge = "br0",
            Policy = policy,
            Link = $"v{number}",
        };

    private static AcceptedPods Open() => AcceptedPods.Open(Records, new FirewalldZones("unix:path=/nowhere"));

    private static AcceptedPods WithoutNftables() => new(Records, null, new FirewalldZones("unix:path=/nowhere"));

    private void Add(AcceptedPod pod, Func<AcceptedPods>? open = null)
    {
        machine.Tool($"ip link add {pod.Link} type bridge");
        machine.Run(() =>
        {
            using var pods = (open ?? Open)();
            pods.Apply(pod, null);
        });
    }

    private string? Check(AcceptedPod pod, Func<AcceptedPods>? open = null) =>
        machine.Run(() =>
        {
            using var pods = (open ?? Open)();
            return pods.FindDifference(pod);
        });

    private RestoreOutcome Restore() =>
        machine.Run(() =>
        {
            using var restorer = new PodRestorer(PodRecordStore.Root);
            return restorer.Restore(isForced: true);
        });

    [KernelFact]
    public void What_a_flush_took_from_living_pods_is_restored()
    {
        Add(Pod(2));
        Add(Pod(3));
        machine.Tool("ip link delete v3");
        machine.Tool("nft flush ruleset");
        Assert.NotNull(Check(Pod(2)));
        var outcome = Restore();
        Assert.Empty(outcome.Problems);
        Assert.Contains("add rule iptables -t filter -A CNI-FORWARD -s 10.0.0.2/32 -j ACCEPT", outcome.Lines);
        Assert.DoesNotContain(outcome.Lines, static line => line.Contains("10.0.0.3", StringComparison.Ordinal));
        Assert.Null(Check(Pod(2)));
        Assert.Empty(Restore().Lines);
    }

    [KernelTheory]
    [InlineData("nft delete element inet plugboard_firewall bridges { br0 }")]
    [InlineData("nft flush chain inet plugboard_firewall forward")]
    [InlineData("nft delete table inet plugboard_firewall")]
    public void A_damaged_policy_is_restored(string damage)
    {
        Add(Pod(2));
        machine.Tool(damage);
        Assert.NotNull(Check(Pod(2)));
        Assert.NotEmpty(Restore().Lines);
        Assert.Null(Check(Pod(2)));
    }

    [KernelFact]
    public void Without_nftables_a_policy_is_iptables_rules_which_go_with_the_last_pod()
    {
        Add(Pod(2, IngressPolicy.Isolated), WithoutNftables);
        Add(Pod(3, IngressPolicy.Isolated), WithoutNftables);
        Assert.Null(Check(Pod(2, IngressPolicy.Isolated), WithoutNftables));
        Assert.Contains("-A CNI-ISOLATION-STAGE-1 -i br0 -o br0", machine.Tool("iptables -S"), StringComparison.Ordinal);
        Assert.Contains("-A CNI-ISOLATION-STAGE-2 -o br0", machine.Tool("ip6tables -S"), StringComparison.Ordinal);
        Withdraw(Pod(2), WithoutNftables);
        Assert.Contains("CNI-ISOLATION", machine.Tool("iptables -S"), StringComparison.Ordinal);
        Withdraw(Pod(3), WithoutNftables);
        Assert.DoesNotContain("CNI-ISOLATION", machine.Tool("iptables -S"), StringComparison.Ordinal);
        Assert.DoesNotContain("CNI-ISOLATION", machine.Tool("ip6tables -S"), StringComparison.Ordinal);
    }

    private void Withdraw(AcceptedPod pod, Func<AcceptedPods> open) =>
        machine.Run(() =>
        {
            using var pods = open();
            pods.Withdraw(pod.Owner, []);
        });

    [Fact]
    public void A_record_says_what_a_pod_has()
    {
        var pod = Pod(2) with { Backend = AcceptBackend.Firewalld, Zone = "pods", NetNs = "/run/netns/x" };
        var read = AcceptedPod.FromRecord(PodRecord.TryParse(pod.ToRecord().ToBytes())!);
        Assert.Equal(pod with { Addresses = [] }, read with { Addresses = [] });
        Assert.Equal(pod.Addresses, read.Addresses);
    }

    public void Dispose() => machine.Dispose();
}
