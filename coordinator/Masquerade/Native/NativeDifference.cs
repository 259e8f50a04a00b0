using Plugboard.Firewall.Nftables;

namespace Plugboard.Coordinator.Masquerade.Native;

/// <summary>Compares the table in the kernel with the one that is to be, by what it says and not only by its names, and changes the difference.</summary>
/// <param name="client">The kernel.</param>
/// <param name="wanted">The table that is to be.</param>
internal sealed class NativeDifference(NftablesClient client, NativeRules wanted)
{
    /// <summary>Adds to a batch what is to be changed; nothing where the table is as it is to be.</summary>
    public void AddTo(NftablesBatch batch)
    {
        if (!client.Has(NativeRules.Table))
            wanted.AddTo(batch);
        else if (HasOtherParts())
            wanted.AddAnewTo(batch);
        else
            AddParts(batch);
    }

    private void AddParts(NftablesBatch batch)
    {
        AddRules(batch);
        AddElements(batch);
    }

    // Chains and sets are not changed: one transaction makes all of them anew, and no packet sees anything between.
    private bool HasOtherParts() =>
        client.ListTables().Any(table => table.IsDormant && table.Family == NativeRules.Table.Family && table.Name == NativeRules.Table.Name)
        || !client.ListChains(NativeRules.Table).ToHashSet().SetEquals(wanted.Chains)
        || !client.ListSets(NativeRules.Table).Select(Describe).ToHashSet(StringComparer.Ordinal).SetEquals(wanted.Sets.Select(set => Describe(set.Set)));

    private static string Describe(Set set) => $"{set.Name} {string.Join('.', set.Key)} {set.IsInterval} {set.LeadsToVerdict} {set.Data.Count} {set.AllowsTimeouts} {set.Timeout}";

    private void AddRules(NftablesBatch batch)
    {
        var present = client.ListContents(NativeRules.Table).ToLookup(content => content.Rule.Chain.Name, StringComparer.Ordinal);
        foreach (var chain in wanted.Chains)
        {
            var rules = wanted.Rules.Where(rule => rule.Chain == chain).ToList();
            if (present[chain.Name].Select(content => (content.Rule.Comment, content.Opcodes)).SequenceEqual(rules.Select(rule => (rule.Comment, RuleContent.Of(rule)))))
                continue;
            batch.Flush(chain);
            rules.ForEach(batch.Add);
        }
    }

    private void AddElements(NftablesBatch batch)
    {
        foreach (var (set, elements) in wanted.Sets.Select(each => (each.Set, each.Elements)))
        {
            var present = client.ListElements(set).ToDictionary(KeyOf, StringComparer.Ordinal);
            var missing = new List<SetElement>();
            foreach (var element in elements)
            {
                if (!present.Remove(KeyOf(element)))
                    missing.Add(element);
            }

            if (present.Count > 0)
                batch.Delete(set, [.. present.Values]);
            if (missing.Count > 0)
                batch.Add(set, missing);
        }
    }

    // Why an element is there is for people: two reasons for one network are no difference.
    private static string KeyOf(SetElement element) =>
        $"{Convert.ToHexString(element.Key)}-{Convert.ToHexString(element.KeyEnd ?? element.Key)} {element.Verdict} {element.Timeout}";
}
