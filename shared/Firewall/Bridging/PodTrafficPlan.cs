using Plugboard.Addresses;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Bridging;

/// <summary>Plans what masquerades a pod and checks its hardware address: elements. Pure.</summary>
internal static class PodTrafficPlan
{
    /// <summary>The plan of the rules for a pod.</summary>
    public static PodPlan Of(MasqueradeTable masquerade, SpoofCheckTable spoofCheck, PodTraffic traffic)
    {
        var tables = new List<NodeTable>(2);
        var elements = new List<PlannedElement>();
        var comment = traffic.Owner.Comment;
        // What iptables made is nothing here.
        IReadOnlyList<IPPrefix> addresses = traffic.Backend == FirewallBackend.Nftables ? traffic.MasqueradedAddresses : [];
        if (addresses.Count > 0)
            tables.Add(masquerade);
        foreach (var address in addresses)
            elements.AddRange(masquerade.ElementsOf(address, comment));
        if (traffic.OnlyMac is { } mac)
        {
            tables.Add(spoofCheck);
            elements.AddRange(spoofCheck.ElementsOf(traffic.Link, mac, comment));
        }

        return new PodPlan { Tables = tables, Elements = elements };
    }
}
