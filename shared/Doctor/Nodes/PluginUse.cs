namespace Plugboard.Doctor.Nodes;

/// <summary>What one plugin of a network config is to do, as far as it matters for the rest of the node.</summary>
internal sealed record PluginUse(string Type)
{
    /// <summary>The bridge it makes; null: none.</summary>
    public string? Bridge { get; init; }

    /// <summary>The MTU of the config; null: none.</summary>
    public int? Mtu { get; init; }

    /// <summary>The bridge is the pods' gateway: the node forwards their packets.</summary>
    public bool IsGateway { get; init; }

    /// <summary>ADD gives the bridge itself the gateway's address, and refuses a bridge with another one.</summary>
    public bool SetsAddress { get; init; }

    /// <summary>It needs NAT in nftables' inet tables.</summary>
    public bool NeedsNat { get; init; }

    /// <summary>It needs nftables for bridges.</summary>
    public bool NeedsSpoofCheck { get; init; }

    /// <summary>Where host-local keeps leases for it, as the node sees it; null: it does not.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>Where a daemon of dhcp listens if no config says.</summary>
    public const string UsualDhcpSocket = "/run/cni/dhcp.sock";

    /// <summary>Where the daemon listens from which it has its addresses, as the node sees it; null: it has them otherwise.</summary>
    public string? DhcpSocket { get; init; }

    /// <summary>Where tuning keeps what it changed, as the node sees it; null: the usual place, or it is another plugin.</summary>
    public string? BackupDirectory { get; init; }

    /// <summary>The VRF that it makes in pods; null: none.</summary>
    public string? Vrf { get; init; }

    /// <summary>flannel's file that it reads, as the node sees it; null: none.</summary>
    public string? SubnetFile { get; init; }

    /// <summary>Where flannel keeps its delegates' configs if no config says.</summary>
    public const string UsualFlannelDirectory = "/var/lib/cni/flannel";

    /// <summary>Where flannel keeps its delegates' configs, as the node sees it; null: the usual place, or it is another plugin.</summary>
    public string? FlannelDirectory { get; init; }
}
