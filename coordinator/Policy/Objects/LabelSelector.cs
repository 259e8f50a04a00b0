using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Objects;

/// <summary>
/// Selects objects by their labels: all requirements must hold; without any, every object is selected. The requirements are in an order
/// that depends only on what they say, so two spellings of one selector are equal: <c>matchLabels</c> are requirements with one value.
/// </summary>
internal sealed record LabelSelector
{
    private LabelSelector(ValueArray<LabelRequirement> requirements) => Requirements = requirements;

    /// <summary>Selects every object: <c>{}</c>.</summary>
    public static LabelSelector Everything { get; } = new([]);

    /// <summary>The requirements, sorted, each once.</summary>
    public ValueArray<LabelRequirement> Requirements { get; }

    /// <summary>Of requirements in any order.</summary>
    public static LabelSelector Of(IEnumerable<LabelRequirement> requirements)
    {
        var sorted = new SortedDictionary<string, LabelRequirement>(StringComparer.Ordinal);
        foreach (var requirement in requirements)
            sorted[requirement.ToString()] = requirement;
        return sorted.Count == 0 ? Everything : new LabelSelector(sorted.Values.ToValueArray());
    }

    /// <summary>True if an object with these labels is selected.</summary>
    public bool Matches(Labels labels)
    {
        foreach (var requirement in Requirements.AsSpan())
        {
            if (!requirement.Holds(labels))
                return false;
        }

        return true;
    }

    /// <summary><c>app in (web),tier</c>; empty: everything.</summary>
    public override string ToString() => string.Join(',', Requirements);
}

/// <summary>One requirement of a selector.</summary>
internal sealed record LabelRequirement
{
    private LabelRequirement(string key, LabelOperator @operator, ValueArray<string> values) =>
        (Key, Operator, Values) = (key, @operator, values);

    /// <summary>The label's key.</summary>
    public string Key { get; }

    /// <summary>What is required of it.</summary>
    public LabelOperator Operator { get; }

    /// <summary>The values of In and NotIn, sorted, each once; else empty.</summary>
    public ValueArray<string> Values { get; }

    /// <summary>A requirement; the values may be in any order.</summary>
    public static LabelRequirement Of(string key, LabelOperator @operator, params IEnumerable<string> values) =>
        new(key, @operator, values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToValueArray());

    /// <summary>True if it holds for an object with these labels. NotIn and DoesNotExist hold if the key is absent.</summary>
    public bool Holds(Labels labels)
    {
        var value = labels.Find(Key);
        return Operator switch
        {
            LabelOperator.In => value is not null && Values.Contains(value, StringComparer.Ordinal),
            LabelOperator.NotIn => value is null || !Values.Contains(value, StringComparer.Ordinal),
            LabelOperator.Exists => value is not null,
            _ => value is null,
        };
    }

    /// <summary>In kubectl's words: <c>app in (web)</c>, <c>tier notin (a,b)</c>, <c>tier</c>, <c>!tier</c>.</summary>
    public override string ToString() =>
        Operator switch
        {
            LabelOperator.In => $"{Key} in ({string.Join(',', Values)})",
            LabelOperator.NotIn => $"{Key} notin ({string.Join(',', Values)})",
            LabelOperator.Exists => Key,
            _ => $"!{Key}",
        };
}

/// <summary>What a requirement says of a label's key.</summary>
internal enum LabelOperator
{
    /// <summary>Its value is one of some.</summary>
    In,

    /// <summary>Its value is none of some, or the key is absent.</summary>
    NotIn,

    /// <summary>The key is present.</summary>
    Exists,

    /// <summary>The key is absent.</summary>
    DoesNotExist,
}
