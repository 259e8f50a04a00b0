namespace Plugboard.Coordinator.Configuration;

/// <summary>How packets go from node to node: net-conf.json's Backend.</summary>
internal sealed record BackendConf
{
    /// <summary>Type.</summary>
    public BackendType Type { get; init; } = BackendType.None;

    /// <summary>VNI: the vxlan's number.</summary>
    public int Vni { get; init; } = 1;

    /// <summary>Port: the vxlan's UDP port; 0: the kernel's, 8472.</summary>
    public int Port { get; init; }

    /// <summary>MTU: of the underlying link in bytes, the tunnel's is less by what it adds; 0: the link's own.</summary>
    public int Mtu { get; init; }

    /// <summary>Learning: the vxlan learns hardware addresses from the packets that arrive.</summary>
    public bool Learning { get; init; }

    /// <summary>GBP: the vxlan carries group policy marks.</summary>
    public bool Gbp { get; init; }

    /// <summary>DirectRouting: a node in the same network is reached without the tunnel.</summary>
    public bool DirectRouting { get; init; }
}
