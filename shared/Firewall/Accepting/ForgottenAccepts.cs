using System.Text;
using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Accepting;

/// <summary>
/// What the kernel has of the plugin firewall, or of the reference's, and no record of a pod says. Works in the calling thread's network
/// namespace.
/// </summary>
/// <param name="records">The records of firewall's pods.</param>
public sealed class ForgottenAccepts(PodRecordStore records)
{
    /// <summary>The bridges that have a policy in nftables though no record has one for them; empty without nftables.</summary>
    /// <exception cref="Linux.ErrnoException">The kernel's ruleset cannot be read.</exception>
    public IReadOnlyList<string> ListBridges()
    {
        using var nftables = NftablesClient.Find();
        if (nftables is null)
            return [];
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var set in new IsolationTable().Sets)
        {
            foreach (var element in nftables.ListElements(set))
                found.Add(BridgeOf(element));
        }

        found.RemoveWhere(bridge => BridgePolicies.Strictest(records, bridge, FirewallBackend.Nftables) != IngressPolicy.Open);
        return [.. found.Order(StringComparer.Ordinal)];
    }

    // The first field of each set: 16 bytes, padded with zeros.
    private static string BridgeOf(SetElement element)
    {
        var name = element.Key.AsSpan(0, Math.Min(element.Key.Length, Field.NameLength));
        var end = name.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? name : name[..end]);
    }

    /// <summary>Gives a bridge the policy that its pods' records say.</summary>
    /// <exception cref="AggregateException">Neither backend could.</exception>
    public void Settle(string bridge)
    {
        using var nftables = NftablesClient.Find();
        new BridgePolicies(new AcceptedPodKind(records), nftables).Settle(bridge);
    }

    /// <summary>
    /// The addresses that a chain CNI-FORWARD accepts and no record has; those of iptables that is not installed are left out.
    /// </summary>
    public IReadOnlyList<ForgottenAccept> ListAddresses()
    {
        using var nftables = NftablesClient.Find();
        var known = records.List().SelectMany(static record => AcceptedPod.FromRecord(record).Addresses).ToHashSet();
        var found = new List<ForgottenAccept>();
        foreach (var place in IptablesPlace.With(nftables, AcceptRules.Chain))
        {
            foreach (var rules in RulesOf(place).GroupBy(SubjectOf))
            {
                if (rules.Key is { } address && !known.Contains(address))
                    found.Add(new ForgottenAccept(place.Tool, address, [.. rules.Select(rule => $"{place.Tool} -D {rule}")]));
            }
        }

        return found;
    }

    private static IReadOnlyList<IptablesRule> RulesOf(IptablesPlace place)
    {
        try
        {
            return place.Open().Read().Rules(AcceptRules.Chain);
        }
        catch (IptablesException)
        {
            return [];
        }
    }

    // Null for the jump to the administrator's chain.
    private static IPAddr? SubjectOf(IptablesRule rule) =>
        rule.Target == "ACCEPT" && IPPrefix.TryParse(rule.Value("-s") ?? rule.Value("-d") ?? "", out var subject) ? subject.Address : null;
}

/// <summary>An address that is accepted, and which no pod has.</summary>
/// <param name="Tool">What has the rules: <c>iptables-nft</c>.</param>
/// <param name="Address">The address.</param>
/// <param name="Commands">What removes them, a command each.</param>
public sealed record ForgottenAccept(string Tool, IPAddr Address, IReadOnlyList<string> Commands);
