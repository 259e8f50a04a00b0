namespace Plugboard.Coordinator.Tracking;

/// <summary>The keys of a collection whose values may have changed: some, or all of them.</summary>
/// <typeparam name="TKey">The keys' type.</typeparam>
internal sealed class TouchedKeys<TKey>
    where TKey : notnull
{
    private TouchedKeys(IReadOnlyCollection<TKey> keys, bool isAll) => (Keys, IsAll) = (keys, isAll);

    /// <summary>Nothing was touched.</summary>
    public static TouchedKeys<TKey> None { get; } = new([], isAll: false);

    /// <summary>Every key may have been: the whole collection must be compared.</summary>
    public static TouchedKeys<TKey> All { get; } = new([], isAll: true);

    /// <summary>True: every key may have been touched, and <see cref="Keys"/> is empty.</summary>
    public bool IsAll { get; }

    /// <summary>The touched keys, each once; a key may belong to no value any more.</summary>
    public IReadOnlyCollection<TKey> Keys { get; }

    /// <summary>Of these keys, each given once.</summary>
    public static TouchedKeys<TKey> Of(IReadOnlyCollection<TKey> keys) => keys.Count == 0 ? None : new(keys, isAll: false);
}
