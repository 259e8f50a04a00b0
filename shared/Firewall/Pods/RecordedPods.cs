using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.HostPorts;

namespace Plugboard.Firewall.Pods;

/// <summary>What one plugin has in the kernel for its pods, and the records that it can be made from again.</summary>
/// <param name="records">The records.</param>
/// <param name="tables">The tables.</param>
/// <param name="planOf">What a record tells of; null where it cannot be understood.</param>
internal sealed class RecordedPods(PodRecordStore records, IReadOnlyList<NodeTable> tables, Func<PodRecord, PodPlan?> planOf)
{
    /// <summary>The records.</summary>
    public PodRecordStore Records => records;

    /// <summary>Who waits for what another has.</summary>
    public PodClaims Claims { get; } = new(records.ClaimsPath);

    /// <summary>The tables.</summary>
    public IReadOnlyList<NodeTable> Tables => tables;

    /// <summary>What is to be done once a pod has its elements again.</summary>
    private Action<PodRecord> AfterRestoring { get; init; } = static _ => { };

    /// <summary>portmap's.</summary>
    /// <param name="records">Its records.</param>
    public static RecordedPods OfPortmap(PodRecordStore records)
    {
        var table = new HostPortTable();
        return new RecordedPods(records, [table], record => HostPortPlan.Of(table, record))
        {
            // What UDP clients sent meanwhile went to the node itself, and so would all that follows.
            AfterRestoring = static record => StaleFlows.EndBefore(HostPortRecord.FromRecord(record)),
        };
    }

    /// <summary>bridge's.</summary>
    /// <param name="records">Its records.</param>
    public static RecordedPods OfBridge(PodRecordStore records)
    {
        var masquerade = new MasqueradeTable();
        var spoofCheck = new SpoofCheckTable();
        PodPlan PlanOf(PodRecord record) => PodTrafficPlan.Of(masquerade, spoofCheck, PodTraffic.FromRecord(record));
        return new RecordedPods(records, [masquerade, spoofCheck], PlanOf)
        {
            AfterRestoring = static record => StaleFlows.EndUnmasqueraded(PodTraffic.FromRecord(record).MasqueradedAddresses),
        };
    }

    /// <summary>What a record tells of; null where it cannot be understood.</summary>
    public PodPlan? PlanOf(PodRecord record)
    {
        try
        {
            return planOf(record);
        }
        catch (ArgumentException)
        {
            // A link's name that is none, as nobody writes it.
            return null;
        }
    }

    /// <summary>Does what is to be done once a pod has its elements again.</summary>
    public void Finish(PodRecord record) => AfterRestoring(record);
}
