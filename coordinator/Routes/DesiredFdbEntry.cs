using Plugboard.Addresses;

namespace Plugboard.Coordinator.Routes;

/// <summary>An entry of a vxlan's forwarding database that should be there: on which node a hardware address is.</summary>
/// <param name="Link">The name of the tunnel's link.</param>
/// <param name="Mac">The hardware address of the other node's tunnel.</param>
/// <param name="Dst">The other node's address.</param>
internal readonly record struct DesiredFdbEntry(string Link, MacAddress Mac, IPAddr Dst)
{
    /// <summary>As bridge(8) has it.</summary>
    public override string ToString() => $"{Mac} dev {Link} dst {Dst} self permanent";
}
