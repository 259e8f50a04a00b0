using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;

namespace Plugboard.Firewall.Accepting;

/// <summary>
/// The policies of bridges: the strictest of what the records of their pods say. The newest ADD of a network decides for all its pods on
/// the bridge. The reference's rules, which name no network, give way only to a policy that a config states.
/// </summary>
/// <param name="kind">The records and the table.</param>
/// <param name="nftables">The kernel's nftables; null: it has none.</param>
internal sealed class BridgePolicies(AcceptedPodKind kind, NftablesClient? nftables)
{
    // Each retry: another pod came or went meanwhile.
    private const int Attempts = 10;

    private static readonly IngressPolicy[] strictestFirst = [IngressPolicy.Isolated, IngressPolicy.SameBridge];

    /// <summary>Gives a pod's bridge its policy; the record of a repeated ADD is complete with it.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="before">Its record of until now; null: it has none.</param>
    public void Apply(AcceptedPod pod, PodRecord? before)
    {
        var present = FindPresent(pod.Bridge);
        var applied = Enforce(pod, before);
        if (present != IngressPolicy.Open && present != pod.Policy)
        {
            ChangeSiblings(applied);
            Settle(pod.Bridge);
        }

        if (pod.IsPolicyExplicit && pod.Bridge.Length > 0 && applied.PolicyBackend == FirewallBackend.Nftables)
        {
            foreach (var place in IptablesPlace.With(nftables, IsolationRules.FirstChain))
                place.Open().Change(table => IsolationRules.RemoveOthers(table, pod.Bridge, pod.Policy));
        }
    }

    private AcceptedPod Enforce(AcceptedPod pod, PodRecord? before)
    {
        var plan = kind.PlanOf(pod);
        if (plan.Tables.Count == 0)
        {
            if (before is not null)
                kind.Records.Write(pod.ToRecord());
            return pod;
        }

        try
        {
            if (nftables is not null)
            {
                new PodElements(nftables, kind).Apply(plan, pod.ToRecord(), before);
                return pod;
            }
        }
        catch (ErrnoException e) when (e.IsNftablesMissing())
        {
            // iptables drops as well, as the reference has it.
        }

        var byIptables = pod with { PolicyBackend = FirewallBackend.Iptables };
        kind.Records.Write(byIptables.ToRecord());
        SettleByIptables(pod.Bridge);
        return byIptables;
    }

    // The network's other pods get the policy too: what the newest config says is the network's.
    private void ChangeSiblings(AcceptedPod pod)
    {
        foreach (var record in kind.Records.List())
        {
            var sibling = AcceptedPod.FromRecord(record);
            if (record.Owner.Network != pod.Owner.Network || sibling.Bridge != pod.Bridge || sibling.Policy == pod.Policy)
                continue;
            // One that an ADD or DEL is just at follows with its own end.
            using var hold = kind.Records.TryHoldAlone(record.Owner.Tag);
            if (hold is { Record.IsReplacing: false })
                kind.Records.Write((sibling with { Policy = pod.Policy, PolicyBackend = pod.PolicyBackend }).ToRecord());
        }
    }

    /// <summary>Takes from a bridge what none of its pods' records says any more, and gives it what one says.</summary>
    /// <param name="bridge">The bridge.</param>
    /// <exception cref="AggregateException">Neither backend could.</exception>
    public void Settle(string bridge)
    {
        if (bridge.Length == 0)
            return;
        var failures = new Failures();
        if (nftables is not null)
            failures.Try(() => SettleByNftables(nftables, bridge));
        if (kind.Records.List().Any(static record => AcceptedPod.FromRecord(record).PolicyBackend == FirewallBackend.Iptables))
            failures.Try(() => SettleByIptables(bridge));
        failures.ThrowIfAny();
    }

    // An ADD writes its record before it asks for the elements. So one that found them here, just before they went, is seen afterwards.
    private void SettleByNftables(NftablesClient client, string bridge)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var wanted = Strictest(bridge, FirewallBackend.Nftables);
            var batch = new NftablesBatch();
            var isChange = false;
            var elements = kind.Table.ElementsOf(bridge, wanted);
            foreach (var (set, element) in kind.Table.ElementsOf(bridge, IngressPolicy.Isolated))
            {
                var isWanted = elements.Any(each => each.Set == set);
                if (client.Find(set, element) is not null == isWanted)
                    continue;
                isChange = true;
                if (isWanted)
                    batch.Add(set, element);
                else
                    batch.Delete(set, element);
            }

            if (!isChange)
                return;
            var failures = client.TryCommit(batch);
            if (failures.Count > 0 && failures[0].Error.Errno != Errno.ENOENT)
                throw new NftablesException(failures);
        }
    }

    private void SettleByIptables(string bridge)
    {
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            var client = new IptablesPlace(is6, Iptables.IptablesVariant.Default).Open();
            if (client.IsInstalled)
                client.Change(table => IsolationRules.Set(table, bridge, Strictest(bridge, FirewallBackend.Iptables)));
        }
    }

    private IngressPolicy Strictest(string bridge, FirewallBackend backend) => Strictest(kind.Records, bridge, backend);

    /// <summary>The policy that a bridge gets of a backend: the strictest of its pods'.</summary>
    /// <param name="records">The records of all pods.</param>
    /// <param name="bridge">The bridge.</param>
    /// <param name="backend">What drops.</param>
    public static IngressPolicy Strictest(PodRecordStore records, string bridge, FirewallBackend backend)
    {
        var strictest = IngressPolicy.Open;
        foreach (var record in records.List())
        {
            var pod = AcceptedPod.FromRecord(record);
            if (pod.Bridge == bridge && pod.PolicyBackend == backend && pod.Policy > strictest)
                strictest = pod.Policy;
        }

        return strictest;
    }

    /// <summary>The policy that nftables gives a bridge now.</summary>
    public IngressPolicy FindPresent(string bridge)
    {
        if (nftables is null || bridge.Length == 0)
            return IngressPolicy.Open;
        foreach (var policy in strictestFirst)
        {
            var (set, element) = kind.Table.ElementsOf(bridge, policy)[^1];
            if (nftables.Find(set, element) is not null)
                return policy;
        }

        return IngressPolicy.Open;
    }

    /// <summary>Withdraws what a pod that is leaving had, or one without a record may have left, by either backend.</summary>
    public void Forget(AcceptedPod pod)
    {
        if (pod.PolicyBackend == FirewallBackend.Iptables && pod.Bridge.Length > 0)
            SettleByIptables(pod.Bridge);
        if (FindPresent(pod.Bridge) != IngressPolicy.Open)
            Settle(pod.Bridge);
    }

    /// <summary>What is not as <see cref="Apply"/> left it, a sentence; null if all is.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="isOurs">It has a record; else the reference may have made its rules.</param>
    public string? FindDifference(AcceptedPod pod, bool isOurs)
    {
        if (pod.Policy == IngressPolicy.Open)
            return null;
        if (isOurs && pod.PolicyBackend == FirewallBackend.Nftables && nftables is not null)
            return new PodElements(nftables, kind).FindDifference(kind.PlanOf(pod), pod.Owner);
        foreach (var is6 in pod.Addresses.Select(static address => address.Is6).Distinct())
        {
            var place =
                IptablesPlace.With(nftables, IsolationRules.FirstChain).FirstOrDefault(each => each.Is6 == is6)
                ?? new IptablesPlace(is6, Iptables.IptablesVariant.Default);
            if (IsolationRules.Check(place.Open().Read(), pod.Bridge, pod.Policy) is [{ } difference, ..])
                return difference;
        }

        return null;
    }
}
