using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Pods;

namespace Plugboard.Doctor.Fixing;

/// <summary>Takes away the host ports of a pod that is gone, as its DEL would have.</summary>
/// <param name="records">Where the record is.</param>
/// <param name="record">What the pod has.</param>
internal sealed class WithdrawPorts(PodRecordStore records, PodRecord record) : Fix($"withdraw the host ports of {record.Owner}")
{
    private readonly PodHostPorts forward = HostPortRecord.FromRecord(record);

    /// <inheritdoc/>
    public override bool Apply()
    {
        if (records.Find(record.Owner) is null)
            return false;
        using var rules = HostPortKind.Open(records);
        rules.Withdraw(record.Owner, forward);
        return true;
    }

    /// <inheritdoc/>
    public override void Undo()
    {
        using var rules = HostPortKind.Open(records);
        rules.Apply(forward, forward.Backend);
    }
}
