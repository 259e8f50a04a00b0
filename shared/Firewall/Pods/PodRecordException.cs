using Plugboard.Addresses;

namespace Plugboard.Firewall.Pods;

/// <summary>A pod's objects cannot be written to a record that can be read back: nothing was made.</summary>
/// <param name="owner">The owner.</param>
/// <param name="reason">Why, in words.</param>
public sealed class PodRecordException(Attachment owner, string reason) : Exception($"what {owner} should get cannot be recorded: {reason}")
{
    /// <summary>The owner.</summary>
    public Attachment Owner { get; } = owner;
}
