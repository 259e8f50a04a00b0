namespace Plugboard.Firewall.Nftables;

/// <summary>The elements of one message: so many of a list, from a place on.</summary>
internal sealed class ElementList(Set set, IReadOnlyList<SetElement> elements, int first)
{
    /// <summary>Their set.</summary>
    public Set Set { get; } = set;

    /// <summary>How many they are.</summary>
    public int Count { get; set; }

    /// <summary>One of them.</summary>
    public SetElement this[int index] => elements[first + index];

    /// <summary>All of them.</summary>
    public SetElement[] ToArray()
    {
        var all = new SetElement[Count];
        for (var i = 0; i < all.Length; i++)
            all[i] = this[i];
        return all;
    }
}
