namespace Plugboard.Coordinator.Tracking;

/// <summary>What was touched since a reader last looked. The collection's owner says it, see <see cref="ChangeFeed{TKey}"/>.</summary>
/// <typeparam name="TKey">The keys' type.</typeparam>
internal sealed class ChangeReader<TKey>
    where TKey : notnull
{
    private readonly IEqualityComparer<TKey> comparer;
    private HashSet<TKey> touched;
    private bool isAll = true;

    /// <summary>A reader that has not looked yet.</summary>
    public ChangeReader(IEqualityComparer<TKey> comparer)
    {
        this.comparer = comparer;
        touched = new HashSet<TKey>(comparer);
    }

    /// <summary>The value of a key was set or removed.</summary>
    public void Touch(TKey key)
    {
        if (!isAll)
            touched.Add(key);
    }

    /// <summary>The same of several keys, or of all.</summary>
    public void Touch(TouchedKeys<TKey> more)
    {
        if (more.IsAll)
        {
            (isAll, touched) = (true, new HashSet<TKey>(comparer));
            return;
        }

        foreach (var key in more.Keys)
            Touch(key);
    }

    /// <summary>What was touched since the last call; the next one starts from here.</summary>
    public TouchedKeys<TKey> Take()
    {
        if (isAll)
        {
            isAll = false;
            return TouchedKeys<TKey>.All;
        }

        if (touched.Count == 0)
            return TouchedKeys<TKey>.None;
        var taken = TouchedKeys<TKey>.Of(touched);
        touched = new HashSet<TKey>(comparer);
        return taken;
    }
}
