using Plugboard.Firewall.Nftables;

namespace Plugboard.Firewall.Pods;

/// <summary>An element that a pod has.</summary>
/// <param name="Set">Where.</param>
/// <param name="Element">Its key, what it leads to, and whose it is.</param>
/// <param name="What">What it is for, in words: <c>host port 8080/tcp</c>.</param>
/// <param name="Taken">What to throw where a living pod has it; null: that one keeps it, and both are served by it.</param>
internal sealed record PlannedElement(Set Set, SetElement Element, string What, Func<PodIdentity, Exception>? Taken = null);
