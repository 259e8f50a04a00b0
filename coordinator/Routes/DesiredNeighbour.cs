using Plugboard.Addresses;

namespace Plugboard.Coordinator.Routes;

/// <summary>A desired permanent neighbour: the tunnel's end of another node.</summary>
/// <param name="Link">The name of the tunnel's link.</param>
/// <param name="Address">The next hop of the route.</param>
/// <param name="Mac">The hardware address of the other node's tunnel.</param>
internal readonly record struct DesiredNeighbour(string Link, IPAddr Address, MacAddress Mac)
{
    /// <summary>As ip-neighbour(8) has it.</summary>
    public override string ToString() => $"{Address} dev {Link} lladdr {Mac} nud permanent";
}
