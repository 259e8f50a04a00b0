using System.Security.Cryptography;
using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Coordinator.Cluster;

/// <summary>
/// The hardware address of a tunnel. It depends on the node's name only, so that the other nodes' entries stay valid after a restart.
/// </summary>
internal static class VtepMac
{
    /// <summary>A local unicast address.</summary>
    /// <param name="identity">What is the node's alone and stays: its uid, else its name.</param>
    /// <param name="vni">The tunnel's network.</param>
    /// <param name="is6">The tunnel for IPv6 pods has another.</param>
    public static MacAddress From(string identity, int vni, bool is6)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{identity}/{vni}/{(is6 ? 6 : 4)}"));
        return MacAddress.Local(BitConverter.ToUInt64(hash));
    }
}
