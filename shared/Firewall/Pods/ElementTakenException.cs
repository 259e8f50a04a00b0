using Plugboard.Addresses;

namespace Plugboard.Firewall.Pods;

/// <summary>An element that a living pod has and does not share.</summary>
/// <param name="message">One whole sentence.</param>
/// <param name="owner">The pod that has it.</param>
public abstract class ElementTakenException(string message, Attachment owner) : Exception(message)
{
    /// <summary>The pod that has it.</summary>
    public Attachment Owner { get; } = owner;
}
