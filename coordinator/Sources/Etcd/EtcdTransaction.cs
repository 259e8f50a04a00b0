namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>What is done at once, or not at all where a condition fails.</summary>
internal sealed record EtcdTransaction
{
    /// <summary>Condition: no key begins so.</summary>
    public string? AbsentPrefix { get; init; }

    /// <summary>
    /// Condition: no key that begins so was made after <see cref="NothingNewSince"/>; those that are there may have been changed.
    /// </summary>
    public string? NothingNewPrefix { get; init; }

    /// <summary>A revision.</summary>
    public long NothingNewSince { get; init; }

    /// <summary>Condition: the key is there and was last changed at <see cref="UnchangedSince"/>.</summary>
    public string? UnchangedKey { get; init; }

    /// <summary>A revision.</summary>
    public long UnchangedSince { get; init; }

    /// <summary>The keys to write; their revisions are not conditions.</summary>
    public EtcdEntry? Put { get; init; }

    /// <summary>The key that is deleted.</summary>
    public string? Delete { get; init; }
}
