using Plugboard.Addresses;
using Plugboard.Firewall.Ports;

namespace Plugboard.Firewall.Iptables;

/// <summary>The host ports of a pod in one family.</summary>
/// <param name="Pod">The pod.</param>
/// <param name="Address">The target, with the length of its network; its family is the rules' family.</param>
/// <param name="Mappings">All of the pod's, of both families.</param>
/// <param name="Options">Masquerade, marks, conditions.</param>
public sealed record IptablesHostPorts(Attachment Pod, IPPrefix Address, IReadOnlyList<PortMapping> Mappings, HostPortOptions Options)
{
    internal IReadOnlyList<string> Conditions => Address.Is6 ? Options.ConditionsV6 : Options.ConditionsV4;
}
