using Plugboard.Firewall.Nftables;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Walk;

/// <summary>
/// Looks into the sets of a table for a walk through its rules; each set is read once, when a packet comes to the first rule that asks it.
/// </summary>
/// <param name="client">The kernel.</param>
/// <param name="table">The table.</param>
internal sealed class SetLookups(NftablesClient client, Table table)
{
    private readonly Dictionary<string, IReadOnlyList<SetElement>> sets = new(StringComparer.Ordinal);

    /// <summary>The rule with what its lookups say.</summary>
    public WalkedRule Resolve(WalkedRule rule, IReadOnlyList<SetLookup> lookups)
    {
        foreach (var lookup in lookups)
        {
            var elements = ElementsOf(lookup.Set);
            // The kernel lists the beginnings and ends of ranges.
            if (elements.Any(static element => element.EndsInterval || element.KeyEnd is not null))
                return rule;
            var found = elements.FirstOrDefault(element =>
                element.Key.AsSpan().SequenceEqual(lookup.Key.AsSpan(0, Math.Min(element.Key.Length, lookup.Key.Length)))
            );
            if (found is null != lookup.IsInverted)
                return rule with { Matches = Match.No };
            if (lookup.LeadsToVerdict)
                rule = Lead(rule, found!.Verdict);
        }

        return rule with
        {
            Matches = Match.Yes,
        };
    }

    private static WalkedRule Lead(WalkedRule rule, Verdict? verdict) =>
        verdict is null
            ? rule
            : rule with
            {
                Target = verdict.Value.Chain,
                Action = verdict.Value.Code switch
                {
                    NF_ACCEPT => RuleAction.Accept,
                    NF_DROP => RuleAction.Drop,
                    NFT_JUMP => RuleAction.Jump,
                    NFT_GOTO => RuleAction.Goto,
                    NFT_RETURN => RuleAction.Return,
                    _ => RuleAction.None,
                },
            };

    private IReadOnlyList<SetElement> ElementsOf(string set)
    {
        if (!sets.TryGetValue(set, out var elements))
            sets[set] = elements = client.ListElements(new Set(table, set, []));
        return elements;
    }
}
