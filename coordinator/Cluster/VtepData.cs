using Plugboard.Addresses;

namespace Plugboard.Coordinator.Cluster;

/// <summary>What flannel calls a vxlan node's backend data: where its tunnel ends.</summary>
/// <param name="Vni">The network's number, 1 to 16,777,215; 0: not said, the cluster's.</param>
/// <param name="Mac">The hardware address of the tunnel's link.</param>
internal sealed record VtepData(int Vni, MacAddress Mac);
