namespace Plugboard.Doctor;

/// <summary>Every kind of finding.</summary>
public static class FindingIds
{
    /// <summary>A check could not look.</summary>
    public const string CheckNotRun = "check-not-run";

    /// <summary>Before Linux 5.6.</summary>
    public const string KernelTooOld = "kernel-too-old";

    /// <summary>No nf_tables at all.</summary>
    public const string KernelNfTables = "kernel-nf-tables";

    /// <summary>No NAT in inet tables.</summary>
    public const string KernelInetNat = "kernel-inet-nat";

    /// <summary>No nftables for bridges.</summary>
    public const string KernelNftBridge = "kernel-nft-bridge";

    /// <summary>No bridges or veth pairs.</summary>
    public const string KernelBridge = "kernel-bridge";

    /// <summary>No VXLAN.</summary>
    public const string KernelVxlan = "kernel-vxlan";

    /// <summary>No overlay filesystem.</summary>
    public const string KernelOverlay = "kernel-overlay";

    /// <summary>The node does not forward.</summary>
    public const string IPForwardOff = "ip-forward-off";

    /// <summary>Bridged packets pass iptables by.</summary>
    public const string BridgeNfCallOff = "bridge-nf-call-off";

    /// <summary>A bridge has as many ports as it can have.</summary>
    public const string BridgeFull = "bridge-full";

    /// <summary>Packets that come by another way than answers go are dropped.</summary>
    public const string RpFilterStrict = "rp-filter-strict";

    /// <summary>Published ports are not reached from localhost.</summary>
    public const string RouteLocalnetOff = "route-localnet-off";

    /// <summary>A chain drops what pods send through the node.</summary>
    public const string ForwardChainDrop = "forward-drop";

    /// <summary>Both kinds of iptables have rules.</summary>
    public const string IptablesMixed = "iptables-mixed";

    /// <summary>Another program's rule changes the source address of packets between pods.</summary>
    public const string SnatForeign = "snat-foreign";

    /// <summary>Rules of a policy engine that does not run.</summary>
    public const string PolicyLeftover = "policy-leftover";

    /// <summary>No network config.</summary>
    public const string ConflistMissing = "conflist-missing";

    /// <summary>A network config that cannot be read.</summary>
    public const string ConflistBroken = "conflist-broken";

    /// <summary>More than one network config.</summary>
    public const string ConflistSeveral = "conflist-several";

    /// <summary>A plugin that cannot serve.</summary>
    public const string PluginMissing = "plugin-missing";

    /// <summary>The runtime executes plugins of another make, and ours are in another directory.</summary>
    public const string PluginNotUsed = "plugin-not-used";

    /// <summary>A plugin finds its part of a network config wrong.</summary>
    public const string PluginConfig = "plugin-config";

    /// <summary>A plugin says that no ADD can succeed.</summary>
    public const string PluginNotReady = "plugin-not-ready";

    /// <summary>The node's plugins cannot be executed from here.</summary>
    public const string PluginsNotAsked = "plugins-not-asked";

    /// <summary>Two links, or two networks, have one subnet.</summary>
    public const string SubnetOverlap = "subnet-overlap";

    /// <summary>Rules of running pods are not in the kernel.</summary>
    public const string RulesMissing = "rules-missing";

    /// <summary>The runtime's own configuration is broken, has no effect, or is ambiguous.</summary>
    public const string RuntimeConfig = "runtime-config";

    /// <summary>A pod's link and its bridge differ.</summary>
    public const string MtuPort = "mtu-port";

    /// <summary>The two ends of a pod's link differ.</summary>
    public const string MtuPeer = "mtu-peer";

    /// <summary>The bridge lets through more than the way to other nodes.</summary>
    public const string MtuBridge = "mtu-bridge";

    /// <summary>A tunnel's packets do not fit into the uplink.</summary>
    public const string MtuTunnel = "mtu-tunnel";

    /// <summary>subnet.env and the tunnel differ.</summary>
    public const string MtuSubnetFile = "mtu-subnet-file";

    /// <summary>A config has a larger MTU than the path to other nodes passes.</summary>
    public const string MtuConflist = "mtu-conflist";

    /// <summary>A lease of a container that is gone.</summary>
    public const string LeaseWithoutContainer = "lease-without-container";

    /// <summary>A lease that a crash has emptied.</summary>
    public const string LeaseTorn = "lease-torn";

    /// <summary>A range without an address for one more pod.</summary>
    public const string RangeFull = "range-full";

    /// <summary>A pod whose address another pod can get.</summary>
    public const string ContainerWithoutLease = "container-without-lease";

    /// <summary>Leases that nothing can be compared with.</summary>
    public const string LeasesUnverified = "leases-unverified";

    /// <summary>A host port of a pod that is gone.</summary>
    public const string HostPortStale = "hostport-stale";

    /// <summary>An element of the rules without a record.</summary>
    public const string HostPortUnknown = "hostport-unknown";

    /// <summary>A chain of the reference plugin for a pod that is gone.</summary>
    public const string HostPortChainStale = "hostport-chain-stale";

    /// <summary>A link without a container.</summary>
    public const string VethOrphaned = "veth-orphaned";

    /// <summary>No daemon for a network with DHCP.</summary>
    public const string DhcpDaemonMissing = "dhcp-daemon-missing";

    /// <summary>A pod that is gone is still accepted.</summary>
    public const string AcceptStale = "accept-stale";

    /// <summary>An address that no pod has is accepted.</summary>
    public const string AcceptRuleStale = "accept-rule-stale";

    /// <summary>A bridge has an ingress policy of no pod.</summary>
    public const string PolicyStale = "policy-stale";

    /// <summary>Masquerading or the check of sources for a pod that is gone.</summary>
    public const string MasqueradeStale = "masquerade-stale";

    /// <summary>An ifb of bandwidth for no pod.</summary>
    public const string IfbOrphaned = "ifb-orphaned";

    /// <summary>What a pod sends is redirected to a link that is gone.</summary>
    public const string RedirectBroken = "redirect-broken";

    /// <summary>A link of an ADD that did not end.</summary>
    public const string LinkLeftover = "link-leftover";

    /// <summary>A VRF without interfaces.</summary>
    public const string VrfEmpty = "vrf-empty";

    /// <summary>A rule of sbr for an address that is gone.</summary>
    public const string SbrRuleStale = "sbr-rule-stale";

    /// <summary>A device of the node for a container that is gone.</summary>
    public const string DeviceNotReturned = "device-not-returned";

    /// <summary>A virtual function for a container that is gone.</summary>
    public const string VfNotReturned = "vf-not-returned";

    /// <summary>A DHCP lease of a container that is gone.</summary>
    public const string DhcpLeaseStale = "dhcp-lease-stale";

    /// <summary>A backup of tuning for a container that is gone.</summary>
    public const string TuningBackupStale = "tuning-backup-stale";

    /// <summary>The config of a delegate of flannel for a container that is gone.</summary>
    public const string FlannelStateStale = "flannel-state-stale";

    /// <summary>A loop device that nothing is mounted from.</summary>
    public const string LoopOrphaned = "loop-orphaned";

    /// <summary>A mount for a pod that is gone.</summary>
    public const string MountOrphaned = "mount-orphaned";

    /// <summary>A directory of another namespace in a pod.</summary>
    public const string VolumeNamespace = "volume-namespace";

    /// <summary>A lock that is not released.</summary>
    public const string LockHeld = "lock-held";

    /// <summary>flannel's daemon has not written its file.</summary>
    public const string SubnetFileMissing = "subnet-file-missing";

    /// <summary>flannel's file cannot be read.</summary>
    public const string SubnetFileBroken = "subnet-file-broken";

    /// <summary>flannel's file and its config differ.</summary>
    public const string SubnetFileContradicts = "subnet-file-contradicts";

    /// <summary>A bridge has an address of another network than its pods.</summary>
    public const string BridgeAddressDiffers = "bridge-address-differs";

    /// <summary>What an interrupted install left.</summary>
    public const string TemporaryFile = "temporary-file";

    /// <summary>All of them, in the order of the troubleshooting page.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        ConflistMissing,
        ConflistBroken,
        ConflistSeveral,
        PluginMissing,
        PluginNotUsed,
        PluginConfig,
        PluginNotReady,
        PluginsNotAsked,
        RuntimeConfig,
        DhcpDaemonMissing,
        TemporaryFile,
        BridgeAddressDiffers,
        SubnetOverlap,
        SubnetFileMissing,
        SubnetFileBroken,
        SubnetFileContradicts,
        KernelTooOld,
        KernelNfTables,
        KernelInetNat,
        KernelNftBridge,
        KernelBridge,
        KernelVxlan,
        KernelOverlay,
        IPForwardOff,
        BridgeNfCallOff,
        RpFilterStrict,
        RouteLocalnetOff,
        ForwardChainDrop,
        IptablesMixed,
        SnatForeign,
        PolicyLeftover,
        RulesMissing,
        MtuPort,
        MtuPeer,
        MtuBridge,
        MtuTunnel,
        MtuSubnetFile,
        MtuConflist,
        LeaseWithoutContainer,
        LeaseTorn,
        RangeFull,
        BridgeFull,
        ContainerWithoutLease,
        LeasesUnverified,
        HostPortStale,
        HostPortUnknown,
        HostPortChainStale,
        VethOrphaned,
        AcceptStale,
        AcceptRuleStale,
        PolicyStale,
        MasqueradeStale,
        IfbOrphaned,
        RedirectBroken,
        LinkLeftover,
        VrfEmpty,
        SbrRuleStale,
        DeviceNotReturned,
        VfNotReturned,
        DhcpLeaseStale,
        TuningBackupStale,
        FlannelStateStale,
        LoopOrphaned,
        MountOrphaned,
        VolumeNamespace,
        LockHeld,
        CheckNotRun,
    ];
}
