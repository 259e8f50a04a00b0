namespace Plugboard.Firewall.Nftables;

/// <summary>
/// The differences of a table from its definition, and the changes that repair it. A value: it makes no request to the kernel.
/// </summary>
public sealed record TableDifference
{
    /// <summary>The table as it should be.</summary>
    public required TableDefinition Wanted { get; init; }

    /// <summary>What is not as it should be, each a sentence; empty: all is.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>All is as it should be.</summary>
    public bool IsNone => Reasons.Count == 0;

    /// <summary>There is no such table.</summary>
    public bool IsMissing { get; init; }

    /// <summary>
    /// The table has to be deleted and made again, in one transaction: a part that is there cannot be changed, or is not part of the
    /// definition.
    /// </summary>
    public bool MustBeReplaced { get; init; }

    /// <summary>The repair empties the table's sets, except for elements of the definition: the pods' elements must be restored.</summary>
    public bool EmptiesSets => IsMissing || MustBeReplaced;

    /// <summary>The netlink socket that alone may change the table; 0: any socket may.</summary>
    public uint OwnerPortId { get; init; }

    /// <summary>No packet comes to the table.</summary>
    public bool IsDormant { get; init; }

    /// <summary>The table should be guarded, and the socket that guarded it is closed.</summary>
    public bool IsWithoutOwner { get; init; }

    /// <summary>Chains that are missing, or have another policy.</summary>
    public IReadOnlyList<Chain> Chains { get; init; } = [];

    /// <summary>Chains whose rules must be written again.</summary>
    public IReadOnlyList<Chain> Rewritten { get; init; } = [];

    /// <summary>Elements of the definition that are missing, and such as are too much.</summary>
    public IReadOnlyList<ElementDifference> Elements { get; init; } = [];

    /// <summary>Adds to a batch what puts it right.</summary>
    public void AddTo(NftablesBatch batch)
    {
        if (IsMissing)
        {
            Wanted.AddNewTo(batch);
            return;
        }

        if (MustBeReplaced)
        {
            Wanted.ReplaceIn(batch);
            return;
        }

        if (IsDormant || IsWithoutOwner)
            batch.Add(Wanted.Table);
        foreach (var chain in Chains)
            batch.Add(chain);
        foreach (var chain in Rewritten)
            Rewrite(chain, batch);
        foreach (var (set, stale, missing) in Elements)
        {
            if (stale.Count > 0)
                batch.Delete(set, stale);
            if (missing.Count > 0)
                batch.Add(set, missing);
        }
    }

    private void Rewrite(Chain chain, NftablesBatch batch)
    {
        batch.Flush(chain);
        for (var place = 0; place < Wanted.Rules.Count; place++)
        {
            if (Wanted.Rules[place].Chain.Name == chain.Name)
                batch.Add(Wanted.Stamped(place));
        }
    }
}

/// <summary>How the elements of a set differ from those it should have.</summary>
/// <param name="Set">The set.</param>
/// <param name="Stale">Those that are too much, or say something else.</param>
/// <param name="Missing">Those that are missing, or are to say something else.</param>
public sealed record ElementDifference(Set Set, IReadOnlyList<SetElement> Stale, IReadOnlyList<SetElement> Missing);
