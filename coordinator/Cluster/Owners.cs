namespace Plugboard.Coordinator.Cluster;

/// <summary>Which nodes claim a key. Nearly every key has one owner, which takes no object of its own.</summary>
/// <typeparam name="TKey">The keys' type.</typeparam>
internal sealed class Owners<TKey>
    where TKey : notnull
{
    private readonly Dictionary<TKey, string> first = [];
    private readonly Dictionary<TKey, HashSet<string>> others = [];

    /// <summary>The keys with an owner.</summary>
    public IEnumerable<TKey> Keys => first.Keys;

    /// <summary>Adds an owner; true if the key had none.</summary>
    public bool Add(TKey key, string owner)
    {
        if (first.TryAdd(key, owner))
            return true;
        if (first[key] == owner)
            return false;
        if (!others.TryGetValue(key, out var more))
            others[key] = more = new HashSet<string>(StringComparer.Ordinal);
        more.Add(owner);
        return false;
    }

    /// <summary>Removes an owner; true if it was the key's last one.</summary>
    public bool Remove(TKey key, string owner)
    {
        if (!first.TryGetValue(key, out var known))
            return false;
        var more = others.GetValueOrDefault(key);
        if (known != owner)
        {
            more?.Remove(owner);
        }
        else if (more is not null)
        {
            first[key] = more.First();
            more.Remove(first[key]);
        }
        else
        {
            first.Remove(key);
            return true;
        }

        if (more is { Count: 0 })
            others.Remove(key);
        return false;
    }

    /// <summary>The owners of a key.</summary>
    public void Find(TKey key, Action<string> found)
    {
        if (!first.TryGetValue(key, out var owner))
            return;
        found(owner);
        if (!others.TryGetValue(key, out var more))
            return;
        foreach (var other in more)
            found(other);
    }
}
