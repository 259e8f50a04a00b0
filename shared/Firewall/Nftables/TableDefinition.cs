namespace Plugboard.Firewall.Nftables;

/// <summary>A whole table as it should be. Pure.</summary>
public sealed record TableDefinition
{
    /// <summary>The table.</summary>
    public required Table Table { get; init; }

    /// <summary>Its sets and maps, all of them.</summary>
    public IReadOnlyList<Set> Sets { get; init; } = [];

    /// <summary>Its chains; those that are jumped to come before those that jump.</summary>
    public required IReadOnlyList<Chain> Chains { get; init; }

    /// <summary>The rules of the chains, each with a comment that no other rule of its chain has.</summary>
    public required IReadOnlyList<Rule> Rules { get; init; }

    /// <summary>The content of the sets whose elements the definition decides; elements of other sets come and go by themselves.</summary>
    public IReadOnlyList<(Set Set, IReadOnlyList<SetElement> Elements)> Elements { get; init; } = [];

    /// <summary>How the names of chains begin that may be there besides, with whatever rules; empty: none may.</summary>
    public string OtherChains { get; init; } = "";

    /// <summary>A number that another content does not have, for <see cref="RuleStamp"/>; 0: rules get no stamp.</summary>
    public ulong Layout { get; init; }

    /// <summary>Makes what is missing and writes all rules again; sets that are there keep their elements.</summary>
    public void AddTo(NftablesBatch batch)
    {
        batch.Add(Table);
        foreach (var set in Sets)
            batch.Add(set);
        foreach (var chain in Chains)
        {
            batch.Add(chain);
            batch.Flush(chain);
        }

        for (var place = 0; place < Rules.Count; place++)
            batch.Add(Stamped(place));
        foreach (var (set, elements) in Elements)
            batch.Add(set, elements);
    }

    /// <summary>Makes all of it in the place of a table that is there.</summary>
    public void ReplaceIn(NftablesBatch batch)
    {
        batch.Delete(Table);
        AddNewTo(batch);
    }

    /// <summary>Makes all of it where there is no such table, or where the batch has deleted it.</summary>
    public void AddNewTo(NftablesBatch batch)
    {
        batch.Add(Table);
        foreach (var set in Sets)
            batch.Add(set);
        foreach (var chain in Chains)
            batch.Add(chain);
        for (var place = 0; place < Rules.Count; place++)
            batch.Add(Stamped(place));
        foreach (var (set, elements) in Elements)
            batch.Add(set, elements);
    }

    /// <summary>A rule with its stamp.</summary>
    /// <param name="place">Its place among <see cref="Rules"/>.</param>
    internal Rule Stamped(int place) =>
        Layout == 0 ? Rules[place] : Rules[place] with { Stamp = new RuleStamp(Layout, (byte)place, (byte)Rules.Count) };

    /// <summary>
    /// A number made of the content, without the stamps: what <see cref="Layout"/> has to be. FNV-1a of the messages that make it.
    /// </summary>
    internal ulong Fingerprint()
    {
        const ulong Offset = 0xcbf29ce484222325,
            Prime = 0x100000001b3;
        var batch = new NftablesBatch();
        (this with { Layout = 0 }).AddNewTo(batch);
        var hash = Offset;
        foreach (var each in batch.End().Written)
            hash = (hash ^ each) * Prime;
        return hash;
    }
}
