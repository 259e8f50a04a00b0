using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;

namespace Plugboard.Firewall.Pods;

/// <summary>An element that a pod has.</summary>
/// <param name="Set">Where.</param>
/// <param name="Element">Its key, what it leads to, and whose it is.</param>
/// <param name="What">What it is for, in words: <c>host port 8080/tcp</c>.</param>
/// <param name="Taken">What to throw where a living pod has it; null: that one keeps it, and both are served by it.</param>
internal sealed record PlannedElement(Set Set, SetElement Element, string What, Func<Attachment, Exception>? Taken = null)
{
    /// <summary>
    /// True where two attachments can have it both: one is in the kernel, the other waits for it. Ports of one container lead to that
    /// container by whichever of its networks.
    /// </summary>
    public bool IsSharedBy(Attachment one, Attachment other) => Taken is null || one.ContainerId == other.ContainerId;
}
