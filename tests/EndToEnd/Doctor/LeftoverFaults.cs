using Plugboard.Addresses;
using Plugboard.Dhcp.Daemon;
using Plugboard.Doctor;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Doctor;

/// <summary>What plugins can leave behind, and what they need that is away.</summary>
internal static class LeftoverFaults
{
    private const string Conflist = PatientNode.Conflist;
    private const string Portmap = """{ "type": "portmap",""";
    private const string Lock = "/var/lib/cni/networks/pods/lock";

    public static IReadOnlyList<Fault> All => [.. Files, .. Devices, .. Links, .. Rules, .. Daemons, .. Locks];

    private static Fault[] Files =>
        [
            new(
                "a backup of tuning of a container that is gone",
                FindingIds.TuningBackupStale,
                static node => node.Shell("mkdir -p /run/cni/tuning; echo '{}' > /run/cni/tuning/gone_eth0.json")
            )
            {
                Proof = static node => Unless(node, "test ! -e /run/cni/tuning/gone_eth0.json"),
            },
            new(
                "a virtual function of a container that is gone",
                FindingIds.VfNotReturned,
                static node =>
                {
                    Place(node, "sriov");
                    node.Shell("mkdir -p /var/lib/cni/sriov");
                    node.Write(
                        "/var/lib/cni/sriov/gone-net1",
                        """
                        {"cniVersion":"1.0.0","name":"sriov-net","type":"sriov","deviceID":"0000:99:02.0","Master":"enp1","VFID":1,
                        "OrigVfState":{"HostIFName":"enp1v1","MTU":1500}}
                        """
                    );
                }
            )
            {
                Proof = static node => Unless(node, "test ! -e /var/lib/cni/sriov/gone-net1"),
            },
            new(
                "the config of flannel's delegate for a container that is gone",
                FindingIds.FlannelStateStale,
                static node =>
                {
                    Place(node, "flannel");
                    node.Shell("mkdir -p /var/lib/cni/flannel");
                    node.Write("/var/lib/cni/flannel/gone", DelegateConfig);
                }
            )
            {
                Proof = static node => Unless(node, "test ! -e /var/lib/cni/flannel/gone"),
            },
            new(
                "the config of flannel's delegate for a container that is gone, and flannel with its delegate too",
                FindingIds.FlannelStateStale,
                static node =>
                {
                    node.Shell($"rm {PatientNode.BinDirectory}/flannel; mkdir -p /var/lib/cni/flannel");
                    node.Write("/var/lib/cni/flannel/gone", DelegateConfig.Replace("\"bridge\"", "\"ptp\"", StringComparison.Ordinal));
                }
            )
            {
                Proof = static node => Unless(node, "test ! -e /var/lib/cni/flannel/gone"),
            },
            new(
                "a file of flannel that a power cut has emptied",
                FindingIds.FlannelStateStale,
                static node => node.Shell("mkdir -p /var/lib/cni/flannel; : > /var/lib/cni/flannel/gone")
            )
            {
                Proof = static node => Unless(node, "test ! -e /var/lib/cni/flannel/gone"),
            },
            Lease("a DHCP lease of a container that is gone", Forgotten),
            Lease("a DHCP lease of a container that is gone, and dhcp too", Forgotten, "rm /opt/cni/bin/dhcp"),
            Lease(
                "leases of both families of a container that is gone",
                Forgotten with
                {
                    Acquired6 = 1,
                    LinkLocal = IPAddr.Parse("fe80::1"),
                    Reply6 = [7, 0, 0, 1],
                }
            ),
        ];

    // As the original writes it.
    private const string DelegateConfig = """
        {"cniVersion":"0.3.1","hairpinMode":true,"ipMasq":false,"ipam":{"routes":[{"dst":"10.244.0.0/16"}],"subnet":"10.244.1.0/24",
        "type":"host-local"},"isDefaultGateway":true,"isGateway":true,"mtu":1450,"name":"cbr0","type":"bridge"}
        """;

    private static LeaseRecord Forgotten =>
        new()
        {
            Owner = new Attachment("lan", "gone", "net1"),
            NetNs = "/run/netns/gone",
            Args = "",
            Config = [],
            Hardware = new MacAddress(0x02_00_00_00_00_01),
            HostLink = "",
            Acquired = 1,
            ServerHardware = new MacAddress(0x02_00_00_00_00_02),
            Ack = [],
        };

    private static Fault Lease(string name, LeaseRecord record, string then = "true") =>
        new(
            name,
            FindingIds.DhcpLeaseStale,
            node =>
            {
                Place(node, "dhcp");
                node.Run(() => LeaseFiles.Of("/run/cni/dhcp.sock").Write(record));
                node.Shell(then);
            }
        )
        {
            // The next start of the daemon gives it back.
            Proof = static node => Unless(node, "ls /run/cni/dhcp.sock.leases/release-*"),
        };

    private static Fault[] Devices =>
        [
            new(
                "a device of the node in the namespace of a container that the runtime has forgotten",
                FindingIds.DeviceNotReturned,
                static node =>
                {
                    Place(node, "host-device");
                    node.Shell("ip link add dev9 type veth peer name far9");
                    var list = node.Read(Conflist);
                    node.Write(Conflist, """{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"host-device","device":"dev9"}]}""");
                    node.Attach();
                    node.Shell("rm /var/lib/cni/results/*");
                    node.Write(Conflist, list);
                }
            )
            {
                Proof = static node => Unless(node, "ip link show dev9"),
            },
        ];

    private static Fault[] Links =>
        [
            new(
                "an ifb of a container that is gone",
                FindingIds.IfbOrphaned,
                static node => node.Shell("ip link add bwp0123456789ab type ifb; ip link set bwp0123456789ab alias cni:pods/gone/eth0")
            )
            {
                Proof = static node => Unless(node, "! ip link show bwp0123456789ab"),
            },
            new(
                "an ifb of the reference's to which nothing is redirected",
                FindingIds.IfbOrphaned,
                static node => node.Shell("ip link add bwp0123456789ab type ifb")
            )
            {
                Proof = static node => Unless(node, "! ip link show bwp0123456789ab"),
                Repair = static node => node.Fix(),
            },
            new(
                "the ifb of a living pod is gone",
                FindingIds.RedirectBroken,
                static node =>
                {
                    Chain(node, """{ "type": "bandwidth", "egressRate": 80000000 }""", "bandwidth");
                    node.Attach();
                    node.Shell("ip link delete $(ip -br link show type ifb | cut -d' ' -f1)");
                }
            )
            {
                Proof = Fault.Outwards,
            },
            new(
                "a macvlan of an ADD that did not end",
                FindingIds.LinkLeftover,
                static node => node.Shell("ip link add veth0a1b2c3d link eth0 type macvlan mode passthru")
            )
            {
                Proof = static node => Unless(node, "ip link add probe link eth0 type macvlan mode passthru && ip link delete probe"),
            },
            new(
                "a tap device of an ADD that did not end, in a namespace",
                FindingIds.LinkLeftover,
                static node => node.Shell("ip netns add other; ip -n other tuntap add veth0a1b2c3d mode tap")
            )
            {
                Proof = static node => Unless(node, "! ip -n other link show veth0a1b2c3d"),
            },
        ];

    private static Fault[] Rules =>
        [
            new(
                "a rule of sbr for an address that is gone",
                FindingIds.SbrRuleStale,
                static node =>
                {
                    Chain(node, """{ "type": "sbr" }""", "sbr");
                    node.Shell("ip netns add other; ip -n other rule add from 10.201.0.77 lookup 100");
                }
            )
            {
                Proof = static node => Unless(node, "! ip -n other rule | grep 10.201.0.77"),
            },
            new(
                "rules of the reference's firewall for an address that no pod has",
                FindingIds.AcceptRuleStale,
                static node =>
                    node.Shell(
                        """
                        iptables-nft -N CNI-FORWARD
                        iptables-nft -A CNI-FORWARD -d 10.201.0.77/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
                        iptables-nft -A CNI-FORWARD -s 10.201.0.77/32 -j ACCEPT
                        """
                    )
            )
            {
                Proof = static node => Unless(node, "! iptables-nft -S CNI-FORWARD | grep ACCEPT"),
            },
            new(
                "the policy of a bridge after its pod's record was lost",
                FindingIds.PolicyStale,
                static node =>
                {
                    Chain(node, """{ "type": "firewall", "backend": "iptables", "ingressPolicy": "same-bridge" }""", "firewall");
                    node.Attach();
                    node.Shell("rm /run/plugboard/firewall/*");
                }
            )
            {
                Proof = static node => Unless(node, "! nft list table inet plugboard_firewall | grep elements"),
                Repair = static node => node.Fix(),
            },
            new(
                "a pod that ended without DEL",
                $"{FindingIds.AcceptStale} {FindingIds.LeaseWithoutContainer} {FindingIds.MasqueradeStale}",
                static node =>
                {
                    Chain(node, """{ "type": "firewall", "backend": "iptables", "ingressPolicy": "same-bridge" }""", "firewall");
                    var pod = node.Attach();
                    node.Shell($"rm /var/lib/cni/results/*; ip link delete {pod.Result!["interfaces"]![1]!["name"]}");
                }
            )
            {
                Proof = static node => Unless(node, "! iptables -S CNI-FORWARD | grep ACCEPT"),
                Repair = static node => node.Fix(),
            },
            new(
                "a pod that ended after its network had got another name",
                $"{FindingIds.HostPortStale} {FindingIds.LeaseWithoutContainer} {FindingIds.MasqueradeStale}",
                static node =>
                {
                    var pod = node.Attach(8080);
                    // The runtime's DEL looks for a file by the new name, and leaves the old one.
                    node.Shell(
                        """
                        mkdir -p /run/netns
                        sed -i 's|"netns":"[^"]*"|"netns":"/run/netns/gone"|' /var/lib/cni/results/*
                        cp -r /var/lib/cni/results /run/kept
                        """
                    );
                    node.Replace(Conflist, "\"pods\"", "\"others\"");
                    node.DetachAll();
                    node.Shell($"cp /run/kept/* /var/lib/cni/results; ip link delete {pod.Result!["interfaces"]![1]!["name"]}");
                }
            )
            {
                Proof = static node => Unless(node, "! nft list ruleset | grep pod0; ! ls /var/lib/cni/networks/pods/10.*"),
                Repair = static node => node.Fix(),
            },
            new(
                "a pod of ours that the reference's plugins ended after a rollback",
                $"{FindingIds.AcceptStale} {FindingIds.HostPortStale} {FindingIds.MasqueradeStale}",
                static node =>
                {
                    // The reference of Debian 12 ends at 1.0.0.
                    node.Replace(Conflist, """ "cniVersions": ["0.4.0", "1.0.0", "1.1.0"],""", "");
                    Chain(node, """{ "type": "firewall", "backend": "iptables" }""", "firewall");
                    node.Attach(8080);
                    foreach (var plugin in (string[])["bridge", "host-local", "portmap", "firewall"])
                        node.Shell($"install {PluginDirectory.Reference}/{plugin} {PatientNode.BinDirectory}");
                    // The first DEL of the reference's bridge fails; a runtime calls it again.
                    node.DetachAll();
                    node.DetachAll();
                }
            )
            {
                Proof = static node => Unless(node, "! nft list ruleset | grep pod0; ! ls /run/plugboard/*/*-*"),
            },
        ];

    private static Fault[] Daemons =>
        [
            Daemon("no DHCP daemon", ""),
            Daemon(
                "a DHCP daemon that was killed and left its socket",
                "timeout -s KILL 0.3 /opt/cni/bin/dhcp daemon || true; test -S /run/cni/dhcp.sock"
            ),
        ];

    private static Fault Daemon(string name, string script) =>
        new(
            name,
            FindingIds.DhcpDaemonMissing,
            node =>
            {
                Place(node, "macvlan");
                Place(node, "dhcp");
                node.Shell($"mkdir -p /run/cni; {script}");
                node.Write(
                    Conflist,
                    """{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"macvlan","master":"eth0","ipam":{"type":"dhcp"}}]}"""
                );
            }
        )
        {
            Proof = static node =>
                Unless(
                    node,
                    """
                    echo '{"cniVersion":"1.1.0","name":"pods","type":"macvlan","master":"eth0","ipam":{"type":"dhcp"}}' |
                        CNI_COMMAND=STATUS CNI_PATH=/opt/cni/bin /opt/cni/bin/macvlan
                    """
                ),
            // It ends by itself.
            Repair = static node =>
                node.Shell(
                    """
                    timeout 30 /opt/cni/bin/dhcp daemon > /run/dhcp.log 2>&1 < /dev/null &
                    timeout 10 sh -c 'until echo {} | CNI_COMMAND=VERSION /opt/cni/bin/dhcp \
                        && grep -q . /proc/net/unix && test -S /run/cni/dhcp.sock; do sleep 0.05; done'
                    """
                ),
        };

    private static Fault[] Locks =>
        [
            new(
                "a process holds the lock of host-local",
                FindingIds.LockHeld,
                static node =>
                {
                    node.Attach();
                    node.Shell($"flock -x {Lock} -c 'echo $PPID > /run/holder; exec sleep 30' > /dev/null 2>&1 < /dev/null & sleep 0.1");
                    node.Shell("timeout 10 sh -c 'until test -s /run/holder; do sleep 0.02; done'");
                }
            )
            {
                Proof = static node => Unless(node, $"flock -n {Lock} true"),
                // flock and its child share the lock.
                Repair = static node => node.Shell("pkill -P $(cat /run/holder); kill $(cat /run/holder)"),
            },
        ];

    private static void Place(PatientNode node, string plugin) =>
        node.Shell($"cp {PluginDirectory.Ours}/{plugin} {PatientNode.BinDirectory}");

    private static void Chain(PatientNode node, string entry, string plugin)
    {
        Place(node, plugin);
        node.Replace(Conflist, Portmap, $"{entry}, {Portmap}");
    }

    private static string? Unless(PatientNode node, string script)
    {
        var (code, output, error) = node.TryTool(["sh", "-ec", script]);
        return code == 0 ? null : $"{script}: {code} {output}{error}";
    }
}
