using Plugboard.Addresses;
using Plugboard.Firewall.HostPorts;

namespace Plugboard.Firewall.Iptables;

/// <summary>The host ports of a pod in one family.</summary>
/// <param name="Pod">Whose they are.</param>
/// <param name="Address">Where they lead, with the length of its network; its family is the rules' family.</param>
/// <param name="Mappings">All of the pod's, of both families.</param>
/// <param name="Options">How.</param>
public sealed record IptablesHostPorts(Attachment Pod, IPPrefix Address, IReadOnlyList<PortMapping> Mappings, HostPortOptions Options)
{
    internal IReadOnlyList<string> Conditions => Address.Is6 ? Options.ConditionsV6 : Options.ConditionsV4;
}
