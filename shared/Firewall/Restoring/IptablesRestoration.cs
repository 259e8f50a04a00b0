using Plugboard.Firewall.Accepting;
using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Restoring;

/// <summary>
/// Repairs the iptables objects of living pods by their records: chains, jumps and rules that are missing or different. A node without such
/// pods starts no process; others start one for each family, and two more for each incomplete pod.
/// </summary>
/// <param name="portmap">portmap's records.</param>
/// <param name="bridge">bridge's records.</param>
/// <param name="firewall">firewall's records.</param>
internal sealed class IptablesRestoration(PodRecordStore portmap, PodRecordStore bridge, PodRecordStore firewall)
{
    private const string Nat = "nat";

    private readonly List<string> lines = [];
    private readonly List<string> problems = [];
    private readonly List<string> warnings = [];

    /// <summary>What cannot be looked at, each a sentence.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>Repairs them, or only reports.</summary>
    public RestoreOutcome Restore(bool isDryRun)
    {
        var living = new LivingPods();
        var pods = HostPortsOf().Concat(Masquerades()).Concat(Accepted()).Concat(Policies()).Where(pod => living.Has(pod.Record)).ToList();
        foreach (var place in pods.GroupBy(static pod => (pod.Is6, pod.Table, pod.IsPolicy)))
            Restore(place.Key.Is6, place.Key.Table, [.. place], isDryRun);
        return new RestoreOutcome(lines, problems);
    }

    // A record of an older build does not say how packets are marked.
    private IEnumerable<IptablesPod> HostPortsOf() =>
        from record in portmap.List()
        let forward = HostPortRecord.FromRecord(record)
        where forward.IsCompleteForIptables
        from address in forward.Addresses
        let forwards = new IptablesHostPorts(record.Owner, address, forward.Ports, forward.IptablesOptions)
        select new IptablesPod(portmap, record, address.Is6, Nat, table => HostPortRules.Add(table, forwards));

    private IEnumerable<IptablesPod> Masquerades() =>
        from record in bridge.List()
        let traffic = PodTraffic.FromRecord(record)
        where traffic.Backend == FirewallBackend.Iptables
        from family in traffic.MasqueradedAddresses.GroupBy(static address => address.Is6)
        select new IptablesPod(bridge, record, family.Key, Nat, table => MasqueradeRules.Add(table, record.Owner, [.. family]));

    private IEnumerable<IptablesPod> Accepted() =>
        from record in firewall.List()
        let accepted = AcceptedPod.FromRecord(record)
        where accepted.Backend == AcceptBackend.Iptables
        from family in accepted.Addresses.GroupBy(static address => address.Is6)
        select new IptablesPod(
            firewall,
            record,
            family.Key,
            AcceptRules.Table,
            table => AcceptRules.Add(table, [.. family], accepted.AdminChain)
        );

    // After the accepts: what a policy drops must come before what they accept.
    private IEnumerable<IptablesPod> Policies() =>
        from record in firewall.List()
        let pod = AcceptedPod.FromRecord(record)
        where pod is { PolicyBackend: FirewallBackend.Iptables, Bridge.Length: > 0 } && pod.Policy != IngressPolicy.Open
        from is6 in pod.Addresses.Select(static address => address.Is6).Distinct()
        select new IptablesPod(
            firewall,
            record,
            is6,
            AcceptRules.Table,
            table => IsolationRules.Set(table, pod.Bridge, BridgePolicies.Strictest(firewall, pod.Bridge, FirewallBackend.Iptables))
        )
        {
            IsPolicy = true,
        };

    private void Restore(bool is6, string tableName, IReadOnlyList<IptablesPod> pods, bool isDryRun)
    {
        var client = new IptablesClient(is6, new IptablesOptions { Table = tableName });
        NatTable table;
        try
        {
            table = client.Read();
        }
        catch (IptablesException e)
        {
            warnings.Add(
                $"what {(is6 ? "ip6tables" : "iptables")} -t {tableName} has for {pods.Count} pods cannot be looked at: {e.Message}"
            );
            return;
        }

        foreach (var pod in pods)
        {
            if (pod.Plan(table) is not { IsEmpty: false } script)
                continue;
            if (isDryRun)
                Tell(is6, pod.Table, script);
            else
                Restore(is6, client, pod);
        }
    }

    private void Restore(bool is6, IptablesClient client, IptablesPod pod)
    {
        // A pod during its DEL is left out; a DEL that comes later waits.
        using var hold = pod.Records.TryHoldAlone(pod.Record.Owner.Tag);
        if (hold is null)
            return;
        var done = new RestoreScript();
        try
        {
            client.Change(table => done = pod.Plan(table));
            Tell(is6, pod.Table, done);
        }
        catch (IptablesException e)
        {
            problems.Add($"the rules of {pod.Record.Owner} are not restored: {e.Message}");
        }
    }

    private void Tell(bool is6, string table, RestoreScript script)
    {
        for (var number = 2; script.Line(number) is { } line; number++)
        {
            var verb = line.StartsWith("-D", StringComparison.Ordinal) ? "delete" : "add";
            lines.Add($"{verb} rule {(is6 ? "ip6tables" : "iptables")} -t {table} {line}");
        }
    }

    /// <summary>One family's part of what a pod has.</summary>
    private sealed record IptablesPod(PodRecordStore Records, PodRecord Record, bool Is6, string Table, Func<NatTable, RestoreScript> Plan)
    {
        /// <summary>It is planned when all that is accepted is in place.</summary>
        public bool IsPolicy { get; init; }
    }
}
