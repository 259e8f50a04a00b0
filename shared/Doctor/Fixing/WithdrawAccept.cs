using Plugboard.Firewall.Accepting;
using Plugboard.Firewall.Firewalld;
using Plugboard.Firewall.Pods;

namespace Plugboard.Doctor.Fixing;

/// <summary>Takes away the rules of firewall for a pod that is gone, as its DEL would have.</summary>
/// <param name="records">Where the record is.</param>
/// <param name="record">What the pod has.</param>
internal sealed class WithdrawAccept(PodRecordStore records, PodRecord record) : Fix($"withdraw what firewall has for {record.Owner}")
{
    /// <inheritdoc/>
    public override bool Apply()
    {
        if (records.Find(record.Owner) is null)
            return false;
        using var pods = AcceptedPods.Open(records, new FirewalldZones());
        pods.Withdraw(record.Owner, []);
        return true;
    }

    /// <inheritdoc/>
    public override void Undo()
    {
        using var pods = AcceptedPods.Open(records, new FirewalldZones());
        pods.Apply(AcceptedPod.FromRecord(record), null);
    }
}
