using Plugboard.Addresses;
using Plugboard.Firewall.Accepting;
using Plugboard.Firewall.Firewalld;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Restoring;

/// <summary>
/// Gives firewalld's zones the addresses of living pods again, which a reload of firewalld takes from them. A node without such pods asks
/// no bus; without firewalld nothing is missing.
/// </summary>
/// <param name="records">firewall's records.</param>
/// <param name="firewalld">firewalld.</param>
internal sealed class FirewalldRestoration(PodRecordStore records, FirewalldZones firewalld)
{
    private readonly List<string> lines = [];
    private readonly List<string> problems = [];

    /// <summary>Repairs them, or only reports.</summary>
    public RestoreOutcome Restore(bool isDryRun)
    {
        var living = new LivingPods();
        var pods = records
            .List()
            .Select(record => (Record: record, Pod: AcceptedPod.FromRecord(record)))
            .Where(each => each.Pod.Backend == AcceptBackend.Firewalld && living.Has(each.Record))
            .ToList();
        try
        {
            if (pods.Count == 0 || !firewalld.IsRunning())
                return RestoreOutcome.Nothing;
            foreach (var (_, pod) in pods)
                Restore(pod, isDryRun);
        }
        catch (BusException e)
        {
            problems.Add($"firewalld's zones are not restored: {e.Message}");
        }

        return new RestoreOutcome(lines, problems);
    }

    private void Restore(AcceptedPod pod, bool isDryRun)
    {
        // A pod during its DEL is left out; a DEL that comes later waits.
        using var hold = isDryRun ? null : records.TryHoldAlone(pod.Owner.Tag);
        if (!isDryRun && hold is null)
            return;
        foreach (var source in pod.Addresses.Select(static address => IPPrefix.Host(address).ToString()))
        {
            if (firewalld.Has(pod.Zone, source))
                continue;
            try
            {
                if (!isDryRun)
                    firewalld.Add(pod.Zone, source);
                lines.Add($"add source {source} to firewalld's zone {pod.Zone}");
            }
            catch (FirewalldZoneException e)
            {
                problems.Add($"{pod.Owner}: {e.Message}");
            }
        }
    }
}
