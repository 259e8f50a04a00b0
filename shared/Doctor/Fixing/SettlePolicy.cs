using Plugboard.Firewall.Accepting;
using Plugboard.Firewall.Pods;

namespace Plugboard.Doctor.Fixing;

/// <summary>Takes the ingress policy from a bridge that has none by its pods' records.</summary>
/// <param name="records">The records.</param>
/// <param name="bridge">The bridge.</param>
internal sealed class SettlePolicy(PodRecordStore records, string bridge) : Fix($"remove the ingress policy of {bridge}")
{
    /// <inheritdoc/>
    public override bool Apply()
    {
        new ForgottenAccepts(records).Settle(bridge);
        return true;
    }

    /// <summary>Nothing: what the records say is in place.</summary>
    public override void Undo() { }
}
