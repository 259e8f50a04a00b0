using Plugboard.Doctor.Fixing;
using Plugboard.Doctor.Nodes;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Doctor.Checks;

/// <summary>The kernel's settings that pods' packets depend on.</summary>
internal sealed class SysctlCheck : ICheck
{
    public string Name => "kernel settings";

    public IEnumerable<Finding> Examine(Node node) =>
        [.. IPForwardingOf(node), .. BridgeNetfilter(node), .. ReversePath(node), .. Localhost(node)];

    // It is not needed before the first pod: the plugin sets it with the gateway's address.
    private static IEnumerable<Finding> IPForwardingOf(Node node)
    {
        var gateways = node.PodBridges.Select(static bridge => bridge.Index).ToHashSet();
        foreach (var is6 in (bool[])[false, true])
        {
            var name = IPForwarding.SettingOf(is6);
            var hasGateway = node.Addresses.Any(address =>
                gateways.Contains(address.LinkIndex) && address.Address.Is6 == is6 && address.Scope == RouteScope.Universe
            );
            if (!hasGateway || Sysctl.Find(name) != "0")
                continue;
            var plan = Node.Route(client => new IPForwarding(client).Plan(is6));
            yield return new Finding(
                FindingIds.IPForwardOff,
                Severity.Error,
                $"{name.Replace('/', '.')} is 0",
                "the node forwards no packets: pods reach only pods of this node",
                $"set {string.Join(", ", plan)}, and in /etc/sysctl.d for the next boot; " + "find the program that set it to 0"
            )
            {
                Subject = name,
                Fix = new EnableIPForwarding(is6),
            };
        }
    }

    private static IEnumerable<Finding> BridgeNetfilter(Node node)
    {
        const string Setting = "net/bridge/bridge-nf-call-iptables";
        if (node.PodBridges.Count == 0 || Sysctl.Find(Setting) != "0")
            yield break;
        if (HasPolicies())
            yield return new Finding(
                FindingIds.BridgeNfCallOff,
                Severity.Error,
                $"{Setting.Replace('/', '.')} is 0, and the coordinator's network policies are there",
                "packets between two pods of one bridge pass by the policies",
                "set it to 1, and in /etc/sysctl.d for the next boot; a running coordinator sets it within a second"
            )
            {
                Subject = Setting,
                MayPass = true,
            };
        else if (HasServices())
            yield return new Finding(
                FindingIds.BridgeNfCallOff,
                Severity.Warning,
                $"{Setting.Replace('/', '.')} is 0, and kube-proxy's rules are there",
                "a pod that connects to a service with an endpoint on the same node gets replies that bypass the rules, from an unexpected "
                    + "address, and its connection times out",
                "set it to 1, and in /etc/sysctl.d for the next boot, as kubeadm requires"
            )
            {
                // Switched on it may drop what passes now, where FORWARD's policy is DROP: a person decides.
                Subject = Setting,
            };
    }

    private static bool HasPolicies() => Node.Nftables(static client => client.Has(new Table(NftFamily.Inet, "plugboard_policy")));

    private static bool HasServices() =>
        Node.Nftables(static client =>
            client.Has(new Chain(new Table(NftFamily.IPv4, "nat"), "KUBE-SERVICES")) || client.Has(new Table(NftFamily.IPv4, "kube-proxy"))
        ) || LegacyTable.HasChain(is6: false, "nat", "KUBE-SERVICES");

    // Strict is harmless where every address is reached by one link only.
    private static IEnumerable<Finding> ReversePath(Node node)
    {
        var uplinks = Node.Route(static client => client.Routes.List(new RouteFilter { Family = AddressFamily.IPv4 }))
            .Where(static route => route.Dst.IsDefault && route.OutInterface != 0)
            .Select(static route => route.OutInterface)
            .Distinct()
            .ToList();
        var everywhere = Sysctl.Find("net/ipv4/conf/all/rp_filter") == "1";
        foreach (var link in node.Links)
        {
            var counts = (link.Kind is "vxlan" or "ipip" && link.IsUp) || (uplinks.Count > 1 && uplinks.Contains(link.Index));
            var own = counts ? Sysctl.Find($"net/ipv4/conf/{link.Name}/rp_filter") : null;
            // The kernel takes the greater of both: 2, loose, wins.
            if (own is null or "2" || (own != "1" && !everywhere))
                continue;
            yield return Strict(link);
        }
    }

    private static Finding Strict(Link link) =>
        new(
            FindingIds.RpFilterStrict,
            Severity.Warning,
            $"rp_filter of {link.Name} is 1 (strict)",
            "packets from another node that arrive by this link, but whose reply would leave by another, are dropped silently",
            $"set net.ipv4.conf.{link.Name}.rp_filter to 2 (loose), and in /etc/sysctl.d for the next boot"
        )
        {
            Subject = link.Name,
        };

    private static IEnumerable<Finding> Localhost(Node node)
    {
        var set = new HostPortTable().LocalhostLinks;
        foreach (var element in Node.Nftables(client => client.ListElements(set)) ?? [])
        {
            var name = System.Text.Encoding.UTF8.GetString(element.Key).TrimEnd('\0');
            var setting = $"net/ipv4/conf/{name}/route_localnet";
            if (node.FindLink(name) is null || Sysctl.Find(setting) != "0" || Sysctl.Find("net/ipv4/conf/all/route_localnet") == "1")
                continue;
            yield return new Finding(
                FindingIds.RouteLocalnetOff,
                Severity.Warning,
                $"net.ipv4.conf.{name}.route_localnet is 0, and host ports are forwarded there",
                "host ports do not work on 127.0.0.1",
                "set it to 1; the next pod with ports does so too. The rules that protect 127.0.0.0/8 from other hosts are in table inet "
                    + "plugboard_portmap"
            )
            {
                Subject = name,
            };
        }
    }
}
