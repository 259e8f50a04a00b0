using Plugboard.Doctor;

namespace Plugboard.Tests.EndToEnd.Doctor;

/// <summary>Nodes whose directories, links, rules or settings keep pods from starting, or from being reached.</summary>
internal static class NetworkFaults
{
    private const string Conflist = PatientNode.Conflist;
    private const string Leases = "/var/lib/cni/networks";
    private const string SubnetFile = "/run/flannel/subnet.env";
    private const string Subnet = @"FLANNEL_NETWORK=10.201.0.0/16\nFLANNEL_SUBNET=10.201.0.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n";

    public static IReadOnlyList<Fault> All => [.. Directories, .. Ranges, .. Flannel, .. Links, .. Subnets, .. Rules];

    private static Fault[] Directories =>
        [
            new(
                "the data directory is read-only",
                FindingIds.PluginNotReady,
                static node => node.Shell($"mkdir -p {Leases}; mount -t tmpfs -o ro leases {Leases}")
            )
            {
                Repair = static node => node.Shell($"mount -o remount,rw {Leases}"),
            },
            new(
                "the filesystem of the data directory is full",
                FindingIds.PluginNotReady,
                static node => node.Shell($"mkdir -p {Leases}; mount -t tmpfs -o nr_inodes=2 leases {Leases}; touch {Leases}/last")
            )
            {
                Repair = static node => node.Shell($"rm {Leases}/last; mount -o remount,nr_inodes=0 {Leases}"),
            },
            new("a file has the place of the data directory", FindingIds.PluginNotReady, static node => node.Shell($"touch {Leases}"))
            {
                Repair = static node => node.Shell($"rm {Leases}"),
            },
            new(
                "the file of resolvConf is missing",
                FindingIds.PluginNotReady,
                static node => node.Replace(Conflist, "\"host-local\"", "\"host-local\", \"resolvConf\": \"/etc/pods.conf\"")
            )
            {
                Repair = static node => node.Shell("echo nameserver 192.0.2.53 > /etc/pods.conf"),
            },
        ];

    private static Fault[] Ranges =>
        [
            new(
                "a range of one address that a pod has",
                FindingIds.RangeFull,
                static node =>
                {
                    node.Replace(Conflist, "0/24\"", "0/24\", \"rangeEnd\": \"10.201.0.2\"");
                    node.Attach();
                }
            )
            {
                Repair = static node => node.Replace(Conflist, ", \"rangeEnd\": \"10.201.0.2\"", ""),
            },
            new(
                "leases of pods that are gone fill the range",
                $"{FindingIds.LeaseWithoutContainer} {FindingIds.RangeFull}",
                static node =>
                {
                    node.Replace(Conflist, "0/24\"", "0/24\", \"rangeEnd\": \"10.201.0.3\"");
                    node.Shell($"mkdir -p {Leases}/pods; for i in 2 3; do printf 'gone\\r\\neth0' > {Leases}/pods/10.201.0.$i; done");
                }
            )
            {
                Repair = static node => node.Fix(),
            },
        ];

    private static Fault[] Flannel =>
        [
            new("flannel's daemon has not written its file", FindingIds.SubnetFileMissing, ToFlannel)
            {
                Repair = static node => node.Shell($"mkdir -p /run/flannel; printf '{Subnet}' > {SubnetFile}"),
            },
            new(
                "flannel's file is torn",
                FindingIds.SubnetFileBroken,
                static node =>
                {
                    ToFlannel(node);
                    node.Shell($"mkdir -p /run/flannel; printf 'FLANNEL_NETWORK=10.201.0.0/16\\n' > {SubnetFile}");
                }
            )
            {
                Repair = static node => node.Shell($"printf '{Subnet}' > {SubnetFile}"),
            },
            new(
                "flannel's directory of states is read-only",
                FindingIds.PluginNotReady,
                static node =>
                {
                    ToFlannel(node);
                    WriteSubnetFile(node);
                    node.Shell("mkdir -p /var/lib/cni/flannel; mount -t tmpfs -o ro s /var/lib/cni/flannel");
                }
            )
            {
                Repair = static node => node.Shell("mount -o remount,rw /var/lib/cni/flannel"),
            },
            new(
                "the node's subnet has changed",
                FindingIds.BridgeAddressDiffers,
                static node =>
                {
                    ToFlannel(node);
                    WriteSubnetFile(node);
                    node.Shell("ip link add cni0 type bridge; ip addr add 10.201.7.1/24 dev cni0");
                }
            ),
        ];

    private static Fault[] Links =>
        [
            new(
                "the bridge's name is another device's",
                FindingIds.PluginNotReady,
                static node => node.Shell("ip link add cni0 type veth peer name x0")
            )
            {
                Repair = static node => node.Shell("ip link delete cni0"),
            },
            new(
                "the bridge has another network's address",
                FindingIds.BridgeAddressDiffers,
                static node => node.Shell("ip link add cni0 type bridge; ip addr add 10.99.0.1/16 dev cni0")
            ),
            new(
                "the bridge has the address with another length",
                FindingIds.BridgeAddressDiffers,
                static node => node.Shell("ip link add cni0 type bridge; ip addr add 10.201.0.1/16 dev cni0")
            ),
        ];

    private static Fault[] Subnets =>
        [
            new(
                "another bridge has the pods' subnet",
                FindingIds.SubnetOverlap,
                static node =>
                {
                    node.Shell("ip link add docker0 type bridge; ip link set docker0 up; ip addr add 10.201.0.1/24 dev docker0");
                    node.Attach();
                }
            )
            {
                Proof = Fault.Outwards,
                Repair = static node =>
                {
                    node.DetachAll();
                    node.Replace(Conflist, "10.201.0.0", "10.203.0.0");
                    node.Shell("ip link delete cni0");
                    node.Attach();
                },
            },
            new(
                "another bridge has the subnet of a network before its first pod",
                FindingIds.SubnetOverlap,
                static node => node.Shell("ip link add docker0 type bridge; ip link set docker0 up; ip addr add 10.201.0.1/24 dev docker0")
            )
            {
                Proof = static node =>
                {
                    node.Attach();
                    var outcome = Fault.Outwards(node);
                    node.DetachAll();
                    node.Shell("ip link delete cni0");
                    return outcome;
                },
                Repair = static node => node.Replace(Conflist, "10.201.0.0", "10.203.0.0"),
            },
        ];

    private static Fault[] Rules =>
        [
            Ruined("nft flush ruleset takes the published ports", FindingIds.RulesMissing, "nft flush ruleset") with
            {
                Proof = Fault.Published,
            },
            Ruined("nft flush ruleset takes the masquerading", FindingIds.RulesMissing, "nft flush ruleset"),
            Ruined(
                "a rule of portmap's table was deleted",
                FindingIds.RulesMissing,
                "nft flush chain inet plugboard_portmap prerouting"
            ) with
            {
                Proof = Fault.Published,
            },
            Ruined("docker's policy of FORWARD", FindingIds.ForwardChainDrop, "iptables-nft -P FORWARD DROP"),
            Ruined("a policy of FORWARD by the old tools", FindingIds.ForwardChainDrop, "iptables-legacy -P FORWARD DROP"),
            Ruined(
                "a firewall's own chain",
                FindingIds.ForwardChainDrop,
                "nft add table inet fw; nft add chain inet fw forward '{ type filter hook forward priority 0; policy drop; }'"
            ) with
            {
                Repair = static node =>
                    node.Shell("nft add rule inet fw forward iifname cni0 accept; nft add rule inet fw forward oifname cni0 accept"),
            },
            Ruined("IP forwarding is off", FindingIds.IPForwardOff, "echo 0 > /proc/sys/net/ipv4/ip_forward") with
            {
                Repair = static node => node.Fix(),
            },
            Ruined(
                "localhost is not routed to the bridge",
                FindingIds.RouteLocalnetOff,
                "echo 0 > /proc/sys/net/ipv4/conf/cni0/route_localnet"
            ) with
            {
                Proof = Fault.Localhost,
                Repair = static node => node.Shell("echo 1 > /proc/sys/net/ipv4/conf/cni0/route_localnet"),
            },
        ];

    // A pod runs with a published port, and then something is done to the node.
    private static Fault Ruined(string name, string id, string script) =>
        new(
            name,
            id,
            node =>
            {
                node.Attach(hostPort: 8080);
                node.Shell(script);
            }
        )
        {
            Proof = Fault.Outwards,
        };

    private static void WriteSubnetFile(PatientNode node) => node.Shell($"mkdir -p /run/flannel; printf '{Subnet}' > {SubnetFile}");

    private static void ToFlannel(PatientNode node) =>
        node.Write(
            Conflist,
            """
            {"cniVersion":"1.0.0","name":"pods","plugins":[
              {"type":"flannel","delegate":{"isDefaultGateway":true}}, {"type":"portmap","capabilities":{"portMappings":true}}]}
            """
        );
}
