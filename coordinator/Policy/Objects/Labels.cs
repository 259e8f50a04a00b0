using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Objects;

/// <summary>The labels of an object, compared by value.</summary>
internal sealed record Labels
{
    private readonly ValueArray<Label> sorted;

    private Labels(ValueArray<Label> sorted) => this.sorted = sorted;

    /// <summary>No labels.</summary>
    public static Labels None { get; } = new([]);

    /// <summary>All of them, by key.</summary>
    public ValueArray<Label> All => sorted;

    /// <summary>Of pairs in any order; of several with one key the last counts.</summary>
    public static Labels Of(IEnumerable<Label> labels)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in labels)
            found[key] = value;
        return found.Count == 0 ? None : new Labels(found.Select(static pair => new Label(pair.Key, pair.Value)).ToValueArray());
    }

    /// <summary>The value of a key; null if the key is absent.</summary>
    public string? Find(string key)
    {
        foreach (var label in sorted.AsSpan())
        {
            if (label.Key == key)
                return label.Value;
        }

        return null;
    }

    /// <summary>These labels and one more, unless its key is among them.</summary>
    public Labels WithDefault(string key, string value) => Find(key) is null ? Of(sorted.Append(new Label(key, value))) : this;

    /// <summary><c>app=web,tier=front</c>.</summary>
    public override string ToString() => string.Join(',', sorted);
}

/// <summary>A label.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Value">Its value, which may be empty.</param>
internal readonly record struct Label(string Key, string Value)
{
    /// <summary><c>app=web</c>.</summary>
    public override string ToString() => $"{Key}={Value}";
}
