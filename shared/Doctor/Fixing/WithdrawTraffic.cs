using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.Pods;

namespace Plugboard.Doctor.Fixing;

/// <summary>Takes away masquerading and the check of sources of a pod that is gone, as its DEL would have.</summary>
/// <param name="records">Where the record is.</param>
/// <param name="record">What the pod has.</param>
internal sealed class WithdrawTraffic(PodRecordStore records, PodRecord record) : Fix($"withdraw what bridge has for {record.Owner}")
{
    private readonly PodTraffic traffic = PodTraffic.FromRecord(record);

    /// <inheritdoc/>
    public override bool Apply()
    {
        if (records.Find(record.Owner) is null)
            return false;
        using var rules = TrafficKind.Open(records);
        rules.Withdraw(record.Owner, traffic);
        return true;
    }

    /// <inheritdoc/>
    public override void Undo()
    {
        using var rules = TrafficKind.Open(records);
        rules.Apply(traffic, traffic.Backend);
    }
}
