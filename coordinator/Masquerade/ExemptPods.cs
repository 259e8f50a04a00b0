using System.Numerics;
using Plugboard.Addresses;
using Plugboard.Coordinator.Masquerade.Iptables;
using Plugboard.Coordinator.Masquerade.Nftables;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>Reads back which pods' networks are exempt by our rules, as an earlier run left them.</summary>
/// <param name="options">The flags.</param>
/// <param name="client">The kernel; null: it has no nf_tables.</param>
internal sealed class ExemptPods(MasqueradeOptions options, NftablesClient? client)
{
    /// <summary>The networks; none where nothing of ours is there.</summary>
    public IReadOnlyList<IPPrefix> Read() =>
        options.Backend == MasqueradeBackend.Nftables ? [.. ReadSets()] : [.. ReadChain(is6: false), .. ReadChain(is6: true)];

    private IEnumerable<IPPrefix> ReadSets() =>
        from set in client?.ListSets(NftablesPlan.Table) ?? []
        where set.Name.StartsWith("exempt", StringComparison.Ordinal)
        from element in client!.ListElements(set)
        where element.Comment == AgentExemptions.Pods && element.KeyEnd is not null
        select NetworkOf(element.Key, element.KeyEnd!);

    private static IPPrefix NetworkOf(byte[] first, byte[] last)
    {
        var length = 0;
        for (var i = 0; i < first.Length; i++)
        {
            var differing = (byte)(first[i] ^ last[i]);
            length += differing == 0 ? 8 : BitOperations.LeadingZeroCount(differing) - 24;
            if (differing != 0)
                break;
        }

        return new IPPrefix(IPAddr.FromBytes(first), length);
    }

    // The chain does not tell its file's networks from pods': all of them stay until the list of pods is complete.
    private List<IPPrefix> ReadChain(bool is6)
    {
        var networks = new List<IPPrefix>();
        if (is6 && !options.EnableIPv6)
            return networks;
        try
        {
            var table = new IptablesClient(is6, options.Tools).Read();
            if (!table.Rules(OwnedChains.MarkerChain).Any(rule => rule.Target == options.MasqChain))
                return networks;
            foreach (var rule in table.Rules(options.MasqChain).Where(rule => rule.Target == "RETURN"))
            {
                if (
                    IPPrefix.TryParse(rule.Value("-d"), out var network)
                    && network != AgentExemptions.LinkLocal
                    && network != AgentExemptions.LinkLocalIPv6
                )
                    networks.Add(network);
            }
        }
        catch (IptablesException)
        {
            // Whoever writes the rules meets it again, and tells.
        }

        return networks;
    }
}
