using Plugboard.Addresses;

namespace Plugboard.Coordinator.Cluster;

/// <summary>A vxlan tunnel's own attributes.</summary>
/// <param name="Vni">The network's number.</param>
/// <param name="Port">The UDP port.</param>
/// <param name="Mac">Its hardware address, as the other nodes know it.</param>
/// <param name="Learning">Learns hardware addresses from the packets that arrive.</param>
/// <param name="Gbp">Carries group policy marks.</param>
internal sealed record DesiredVxlan(int Vni, int Port, MacAddress Mac, bool Learning, bool Gbp)
{
    /// <summary>The kernel's own port for vxlan.</summary>
    public const int KernelPort = 8472;
}
