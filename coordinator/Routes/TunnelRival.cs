using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Routes;

/// <summary>Which link has what a tunnel wants: the kernel refuses the tunnel without naming it. Pure.</summary>
internal static class TunnelRival
{
    /// <summary>The end of a message about a refused step; empty if the step makes no vxlan.</summary>
    /// <param name="step">The step that the kernel refused with EEXIST or EADDRINUSE.</param>
    /// <param name="links">The node's links.</param>
    public static string Describe(LinkStep step, IReadOnlyList<Link> links)
    {
        var own = step switch
        {
            MakeTunnel make => (make.Tunnel.Name, make.Tunnel.Vxlan?.Vni, make.Tunnel.Vxlan?.Port),
            SetLink set when links.FirstOrDefault(link => link.Index == set.Index) is { Vxlan: { } vxlan } link => (
                link.Name,
                vxlan.Vni,
                vxlan.Port
            ),
            _ => ("", null, null),
        };
        if (own is not (var name, { } vni, { } port))
            return "";
        // One of another number is in the way where its settings differ; one that takes all numbers always is.
        var rivals = links.Where(link => link.Name != name && link.Vxlan?.Port == port).ToList();
        var rival = rivals.Find(link => link.Vxlan!.Vni == vni || link.Vxlan.CollectMetadata) ?? rivals.FirstOrDefault();
        return rival is not null
            ? $"; link {rival.Name} has {(rival.Vxlan!.CollectMetadata ? "all VNIs" : $"VNI {rival.Vxlan.Vni}")} at UDP port {port}: "
                + "delete it, or choose another VNI or Port in the cluster network's Backend"
            : $"; another program may have UDP port {port} (`ss -ulpn` names it): end it, or choose another Port in the cluster "
                + "network's Backend";
    }
}
