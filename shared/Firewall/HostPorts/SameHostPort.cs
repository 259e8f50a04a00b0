using Plugboard.Firewall.Nftables;

namespace Plugboard.Firewall.HostPorts;

/// <summary>
/// Mappings are equal that are of one port, protocol and address of the host, wherever they lead; one that names no address, 0.0.0.0 and ::
/// are of no one address. The same in each process: nothing is asked of the kernel for it.
/// </summary>
public sealed class SameHostPort : IEqualityComparer<PortMapping>
{
    /// <inheritdoc/>
    public bool Equals(PortMapping? x, PortMapping? y) =>
        x is null || y is null ? x == y : x.HostPort == y.HostPort && x.Protocol == y.Protocol && x.OnlyAddress == y.OnlyAddress;

    /// <inheritdoc/>
    public int GetHashCode(PortMapping obj)
    {
        var hash = (obj.HostPort << 8) | (int)obj.Protocol;
        if (obj.OnlyAddress is not { } address)
            return hash;
        foreach (var each in Field.Of(address).Bytes)
            hash = (hash * 31) + each;
        return hash;
    }
}
