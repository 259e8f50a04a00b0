using Plugboard.Firewall.Nftables;

namespace Plugboard.Firewall.PortForwarding;

/// <summary>An element that a pod has.</summary>
/// <param name="Set">Where.</param>
/// <param name="Element">Its key, what it leads to, and whose it is.</param>
/// <param name="Port">The port that it publishes; null: it publishes none.</param>
internal sealed record PlannedElement(Set Set, SetElement Element, PortMapping? Port);
