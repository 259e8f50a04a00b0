using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Routes;

/// <summary>Compares the actual with the desired tunnel links.</summary>
/// <param name="network">The actual network.</param>
internal sealed class TunnelLinks(NodeNetwork network)
{
    private readonly List<LinkStep> steps = [];
    private readonly List<string> problems = [];

    /// <summary>True if a link is made, or made again: everything that was on it is gone.</summary>
    public bool MakesLinks { get; private set; }

    /// <summary>Foreign links under a tunnel's name, which cannot be replaced, a sentence each.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>The changes, in order.</summary>
    public IReadOnlyList<LinkStep> Steps => steps;

    /// <summary>The changes for people.</summary>
    public IReadOnlyList<Change> Changes => steps.ConvertAll(static step => step.Text);

    /// <summary>Adds what is missing, different or superfluous.</summary>
    /// <param name="tunnels">The desired tunnels.</param>
    /// <param name="mayPrune">Removes links with the coordinator's mark that the plan does not have, with all that is on them.</param>
    public void Compare(IReadOnlyList<DesiredTunnel> tunnels, bool mayPrune)
    {
        var wanted = tunnels.Select(tunnel => tunnel.Name).ToHashSet(StringComparer.Ordinal);
        foreach (
            var link in network.Links.Values.Where(link => mayPrune && link.Alias == DesiredTunnel.Alias && !wanted.Contains(link.Name))
        )
            steps.Add(new DeleteLink(new Change(ChangeVerb.Delete, "link", link.Name), link.Index));
        foreach (var tunnel in tunnels)
            Ensure(tunnel, network.Links.GetValueOrDefault(tunnel.Name));
    }

    private void Ensure(DesiredTunnel tunnel, Link? present)
    {
        var kind = tunnel.Vxlan is null ? "ipip" : "vxlan";
        if (present is not null && present.Kind != kind)
        {
            problems.Add(
                $"a link {tunnel.Name} of kind {(present.Kind.Length == 0 ? "hardware" : present.Kind)} is in the way of the tunnel; "
                    + "remove or rename it"
            );
            return;
        }

        if (present is null || !CanBecome(present, tunnel))
        {
            Make(tunnel, present);
            return;
        }

        Adjust(tunnel, present);
        AdjustAddresses(tunnel, present);
    }

    private void Make(DesiredTunnel tunnel, Link? present)
    {
        MakesLinks = true;
        if (present is not null)
            steps.Add(new DeleteLink(new Change(ChangeVerb.Delete, "link", tunnel.Name), present.Index));
        steps.Add(new MakeTunnel(new Change(ChangeVerb.Add, "link", tunnel.ToString()), tunnel));
        AddAddress(tunnel);
    }

    private void AddAddress(DesiredTunnel tunnel) =>
        steps.Add(new AddTunnelAddress(new Change(ChangeVerb.Add, "address", $"{tunnel.Address} dev {tunnel.Name}"), tunnel));

    private static bool CanBecome(Link present, DesiredTunnel tunnel)
    {
        if (tunnel.Vxlan is not { } wanted)
            return present.Ipip is { } ipip && ipip.Local == tunnel.Local && ipip.Remote is null && ipip.LinkIndex == tunnel.Uplink.Index;
        return present.Vxlan is { } vxlan
            && vxlan.Vni == wanted.Vni
            && vxlan.Port == wanted.Port
            && vxlan.Local == tunnel.Local
            && vxlan.LinkIndex == tunnel.Uplink.Index
            && vxlan.Learning == wanted.Learning
            && vxlan.Gbp == wanted.Gbp
            && vxlan is { Group: null, L2Miss: false, L3Miss: false, CollectMetadata: false };
    }

    private void Adjust(DesiredTunnel tunnel, Link present)
    {
        var change = new LinkChange
        {
            Up = present.IsUp ? null : true,
            Mtu = present.Mtu == tunnel.Mtu ? null : tunnel.Mtu,
            Address = tunnel.Vxlan is null || present.Address == tunnel.Vxlan.Mac ? null : tunnel.Vxlan.Mac,
            Alias = present.Alias == DesiredTunnel.Alias ? null : DesiredTunnel.Alias,
        };
        if (change != new LinkChange())
            steps.Add(new SetLink(new Change(ChangeVerb.Replace, "link", $"{tunnel} up"), present.Index, change));
    }

    private void AdjustAddresses(DesiredTunnel tunnel, Link present)
    {
        var own = network
            .Addresses.Where(address =>
                address.LinkIndex == present.Index && address.Address.Is6 == tunnel.Is6 && !IsOfTheKernel(address.Address)
            )
            .ToList();
        foreach (var foreign in own.Where(address => address.Address != tunnel.Address))
        {
            var text = new Change(ChangeVerb.Delete, "address", $"{foreign.Address} dev {tunnel.Name}");
            steps.Add(new DeleteAddress(text, present.Index, foreign.Address));
        }

        if (own.TrueForAll(address => address.Address != tunnel.Address))
            AddAddress(tunnel);
    }

    // The link-local address that IPv6 gives every link.
    private static bool IsOfTheKernel(IPPrefix address) => address.Is6 && address.Address.IsLinkLocalUnicast;
}
