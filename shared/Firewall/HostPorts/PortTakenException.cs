using Plugboard.Addresses;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Ports;

namespace Plugboard.Firewall.HostPorts;

/// <summary>A host port that a living pod publishes already.</summary>
/// <param name="port">The port.</param>
/// <param name="owner">The pod that has it.</param>
public sealed class PortTakenException(PortMapping port, Attachment owner)
    : ElementTakenException(
        $"host port {port.Name} is already published by container {owner.ContainerId} (network {owner.Network}, interface {owner.IfName})",
        owner
    )
{
    /// <summary>The port.</summary>
    public PortMapping Port { get; } = port;
}
