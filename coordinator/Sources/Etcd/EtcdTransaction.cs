namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>Changes that are made at once, or not at all if a condition fails.</summary>
internal sealed record EtcdTransaction
{
    /// <summary>Condition: no key has this prefix.</summary>
    public string? AbsentPrefix { get; init; }

    /// <summary>
    /// Condition: no key with this prefix was created after <see cref="NothingNewSince"/>; existing keys may have changed.
    /// </summary>
    public string? NothingNewPrefix { get; init; }

    /// <summary>A revision.</summary>
    public long NothingNewSince { get; init; }

    /// <summary>Condition: the key exists and was last changed at <see cref="UnchangedSince"/>.</summary>
    public string? UnchangedKey { get; init; }

    /// <summary>A revision.</summary>
    public long UnchangedSince { get; init; }

    /// <summary>The keys to write; their revisions are not conditions.</summary>
    public EtcdEntry? Put { get; init; }

    /// <summary>The key to delete.</summary>
    public string? Delete { get; init; }
}
