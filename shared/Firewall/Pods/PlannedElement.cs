using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;

namespace Plugboard.Firewall.Pods;

/// <summary>A planned element of a pod.</summary>
/// <param name="Set">The set.</param>
/// <param name="Element">Its key, its value and its owner.</param>
/// <param name="What">Its purpose, in words: <c>host port 8080/tcp</c>.</param>
/// <param name="Taken">The exception if a living pod has it; null: that pod keeps it, and it serves both.</param>
internal sealed record PlannedElement(Set Set, SetElement Element, string What, Func<Attachment, Exception>? Taken = null)
{
    /// <summary>
    /// True where two attachments can have it both: one is in the kernel, the other waits for it. Ports of one container lead to that
    /// container by whichever of its networks.
    /// </summary>
    public bool IsSharedBy(Attachment one, Attachment other) => Taken is null || one.ContainerId == other.ContainerId;
}
