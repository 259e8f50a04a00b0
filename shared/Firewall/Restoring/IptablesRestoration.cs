using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Restoring;

/// <summary>
/// Puts right what iptables has for living pods by their records: chains, jumps and rules that are missing or say something else. A node
/// without such pods runs no process; on others it is one for
/// each family, and two more for each pod that lacks something.
/// </summary>
/// <param name="portmap">portmap's records.</param>
/// <param name="bridge">bridge's records.</param>
internal sealed class IptablesRestoration(PodRecordStore portmap, PodRecordStore bridge)
{
    private readonly List<string> lines = [];
    private readonly List<string> problems = [];
    private readonly List<string> warnings = [];

    /// <summary>What cannot be looked at, each a sentence.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>Puts it right, or only tells.</summary>
    public RestoreOutcome Restore(bool isDryRun)
    {
        var living = new LivingPods();
        var pods = HostPortsOf().Concat(Masquerades()).Where(pod => living.Has(pod.Record)).ToList();
        foreach (var family in pods.ToLookup(static pod => pod.Is6))
            Restore(family.Key, [.. family], isDryRun);
        return new RestoreOutcome(lines, problems);
    }

    // A record of an older build does not say how packets are marked.
    private IEnumerable<IptablesPod> HostPortsOf() =>
        from record in portmap.List()
        let forward = HostPortRecord.FromRecord(record)
        where forward.IsCompleteForIptables
        from address in forward.Addresses
        let forwards = new IptablesHostPorts(record.Owner, address, forward.Ports, forward.IptablesOptions)
        select new IptablesPod(portmap, record, address.Is6, table => HostPortRules.Add(table, forwards));

    private IEnumerable<IptablesPod> Masquerades() =>
        from record in bridge.List()
        let traffic = PodTraffic.FromRecord(record)
        where traffic.Backend == FirewallBackend.Iptables
        from family in traffic.MasqueradedAddresses.GroupBy(static address => address.Is6)
        select new IptablesPod(bridge, record, family.Key, table => MasqueradeRules.Add(table, record.Owner, [.. family]));

    private void Restore(bool is6, IReadOnlyList<IptablesPod> pods, bool isDryRun)
    {
        var client = new IptablesClient(is6, new IptablesOptions());
        NatTable table;
        try
        {
            table = client.Read();
        }
        catch (IptablesException e)
        {
            warnings.Add($"what {(is6 ? "ip6tables" : "iptables")} has for {pods.Count} pods cannot be looked at: {e.Message}");
            return;
        }

        foreach (var pod in pods)
        {
            if (pod.Plan(table) is not { IsEmpty: false } script)
                continue;
            if (isDryRun)
                Tell(is6, script);
            else
                Restore(is6, client, pod);
        }
    }

    private void Restore(bool is6, IptablesClient client, IptablesPod pod)
    {
        // A pod whose DEL goes on is left out; one whose DEL comes waits.
        using var hold = pod.Records.TryHoldAlone(pod.Record.Owner.Tag);
        if (hold is null)
            return;
        var done = new RestoreScript();
        try
        {
            client.Change(table => done = pod.Plan(table));
            Tell(is6, done);
        }
        catch (IptablesException e)
        {
            problems.Add($"the rules of {pod.Record.Owner} are not put back: {e.Message}");
        }
    }

    private void Tell(bool is6, RestoreScript script)
    {
        for (var number = 2; script.Line(number) is { } line; number++)
        {
            var verb = line.StartsWith("-D", StringComparison.Ordinal) ? "delete" : "add";
            lines.Add($"{verb} rule {(is6 ? "ip6tables" : "iptables")} -t nat {line}");
        }
    }

    /// <summary>One family's part of what a pod has.</summary>
    private sealed record IptablesPod(PodRecordStore Records, PodRecord Record, bool Is6, Func<NatTable, RestoreScript> Plan);
}
