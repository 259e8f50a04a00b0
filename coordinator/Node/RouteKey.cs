using Plugboard.Addresses;

namespace Plugboard.Coordinator.Node;

/// <summary>The key of a route in the main table: of two routes with one key, one hides the other.</summary>
/// <param name="Dst">The destination network.</param>
/// <param name="Priority">The metric.</param>
internal readonly record struct RouteKey(IPPrefix Dst, uint Priority)
{
    /// <summary>The same network and metric.</summary>
    public bool Equals(RouteKey other) => Priority == other.Priority && Dst.Length == other.Dst.Length && Dst.Address == other.Dst.Address;

    /// <summary>Of the network only; metrics hardly differ.</summary>
    public override int GetHashCode() => Dst.Address.GetHashCode() ^ Dst.Length;
}
