namespace Plugboard.Firewall.Nftables;

/// <summary>Elements are equal that have one key, whatever they lead to.</summary>
internal sealed class ElementKeys : IEqualityComparer<SetElement>
{
    public bool Equals(SetElement? x, SetElement? y) => x is null || y is null ? x == y : x.EndsInterval == y.EndsInterval && x.HasKeyOf(y);

    public int GetHashCode(SetElement obj)
    {
        var hash = default(HashCode);
        hash.AddBytes(obj.Key);
        return hash.ToHashCode();
    }
}
