namespace Plugboard.Coordinator.Configuration;

/// <summary>How packets go from node to node.</summary>
internal enum BackendType
{
    /// <summary>Another program routes; flannel's <c>alloc</c>.</summary>
    None,

    /// <summary>A route whose next hop is the other node; flannel's <c>host-gw</c>.</summary>
    HostGw,

    /// <summary>In UDP; flannel's <c>vxlan</c>.</summary>
    Vxlan,

    /// <summary>IPv4 in IPv4; flannel's <c>ipip</c>.</summary>
    Ipip,
}
