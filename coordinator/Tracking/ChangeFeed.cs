namespace Plugboard.Coordinator.Tracking;

/// <summary>
/// Notes which keys of a collection are touched, and gives each of its readers those since it last looked. A key that is touched often
/// counts once, so nothing grows while a reader is away. Not for two threads at once: the collection's owner has the lock.
/// </summary>
/// <typeparam name="TKey">The keys' type.</typeparam>
/// <param name="comparer">Of the keys.</param>
internal sealed class ChangeFeed<TKey>(IEqualityComparer<TKey> comparer)
    where TKey : notnull
{
    private readonly List<ChangeReader<TKey>> readers = [];

    /// <summary>A new reader, to which everything is new.</summary>
    public ChangeReader<TKey> OpenReader()
    {
        var reader = new ChangeReader<TKey>(comparer);
        readers.Add(reader);
        return reader;
    }

    /// <summary>The value of a key was set or removed.</summary>
    public void Touch(TKey key)
    {
        foreach (var reader in readers)
            reader.Touch(key);
    }

    /// <summary>The same of several keys, or of all.</summary>
    public void Touch(TouchedKeys<TKey> touched)
    {
        foreach (var reader in readers)
            reader.Touch(touched);
    }
}
