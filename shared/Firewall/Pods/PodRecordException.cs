using Plugboard.Addresses;

namespace Plugboard.Firewall.Pods;

/// <summary>What was to be made for a pod cannot be written down so that it could be read back: nothing was made.</summary>
/// <param name="owner">Whose it is.</param>
/// <param name="reason">Why, in words.</param>
public sealed class PodRecordException(Attachment owner, string reason) : Exception($"what {owner} should get cannot be recorded: {reason}")
{
    /// <summary>Whose it is.</summary>
    public Attachment Owner { get; } = owner;
}
