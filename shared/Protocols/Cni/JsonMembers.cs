using System.Collections;

namespace Plugboard.Protocols.Cni;

/// <summary>
/// A JSON object in the making, as Go's <c>map[string]any</c>: a name is there or not to the letter, of duplicates the last counts, and it
/// is written with its names in order.
/// </summary>
public sealed class JsonMembers : IEnumerable<(string Name, JsonValue Value)>
{
    // As many as a config has: one by one is faster than sorting, until each insertion moves thousands.
    private const int FewNames = 256;

    private readonly List<string> names = [];
    private readonly List<JsonValue> values = [];

    /// <summary>The members of an object; none where it is null.</summary>
    public static JsonMembers From(JsonValue? value)
    {
        var members = new JsonMembers();
        if (value is null)
            return members;
        if (value.Names.Count > FewNames)
        {
            members.SetAll(value);
            return members;
        }

        for (var i = 0; i < value.Names.Count; i++)
            members.Set(value.Names[i], value.Values[i]);
        return members;
    }

    // In order of the names, of duplicates the last.
    private void SetAll(JsonValue value)
    {
        var order = new int[value.Names.Count];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        Array.Sort(
            order,
            (one, other) => string.CompareOrdinal(value.Names[one], value.Names[other]) is not 0 and var byName ? byName : one - other
        );
        for (var i = 0; i < order.Length; i++)
        {
            if (i + 1 < order.Length && value.Names[order[i]] == value.Names[order[i + 1]])
                continue;
            names.Add(value.Names[order[i]]);
            values.Add(value.Values[order[i]]);
        }
    }

    /// <summary>The member with a name; null if absent.</summary>
    public JsonValue? Find(string name) => IndexOf(name) is >= 0 and var at ? values[at] : null;

    /// <summary>True where there is a member of that name, though it be null.</summary>
    public bool Has(string name) => IndexOf(name) >= 0;

    /// <summary>Adds a member, or replaces the one of that name.</summary>
    public void Set(string name, JsonValue value)
    {
        var at = IndexOf(name);
        if (at >= 0)
        {
            values[at] = value;
            return;
        }

        names.Insert(~at, name);
        values.Insert(~at, value);
    }

    /// <summary>Adds a member unless its name is present.</summary>
    public void SetDefault(string name, JsonValue value)
    {
        if (!Has(name))
            Set(name, value);
    }

    /// <summary>Removes a member if it is there.</summary>
    public void Remove(string name)
    {
        if (IndexOf(name) is not (>= 0 and var at))
            return;
        names.RemoveAt(at);
        values.RemoveAt(at);
    }

    /// <summary>The object.</summary>
    public JsonValue ToValue() => JsonValue.Of(names, values);

    /// <summary>The object on one line, as Go's <c>json.Marshal</c> writes a map.</summary>
    public byte[] ToBytes()
    {
        var json = new JsonBuilder(indented: false);
        json.Value(null, ToValue());
        return json.ToArray();
    }

    private int IndexOf(string name) => names.BinarySearch(name, StringComparer.Ordinal);

    /// <inheritdoc/>
    public IEnumerator<(string Name, JsonValue Value)> GetEnumerator()
    {
        for (var i = 0; i < names.Count; i++)
            yield return (names[i], values[i]);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
