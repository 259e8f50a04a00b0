using System.Globalization;
using Plugboard.Doctor.Nodes;

namespace Plugboard.Doctor.Checks;

/// <summary>Whether the pods' bridges have room for further ports.</summary>
internal sealed class BridgeFullCheck : ICheck
{
    // net/bridge/br_private.h: BR_PORT_BITS 10, and number 0 is no port's.
    private const int MostPorts = 1023;
    private const int Room = 23;

    public string Name => "ports of bridges";

    public IEnumerable<Finding> Examine(Node node)
    {
        var ports = node.Links.ToLookup(static link => link.MasterIndex);
        foreach (var bridge in node.PodBridges)
        {
            var count = ports[bridge.Index].Count();
            if (count < MostPorts - Room)
                continue;
            yield return new Finding(
                FindingIds.BridgeFull,
                count < MostPorts ? Severity.Warning : Severity.Error,
                string.Create(CultureInfo.InvariantCulture, $"bridge {bridge.Name} has {count} ports, and {MostPorts} are the most"),
                "the next pods on it fail (\"exchange full\")",
                $"`ip link show master {bridge.Name}` lists them: links of pods that are gone are other findings here; for more pods use a "
                    + "second bridge, or ptp"
            )
            {
                Subject = bridge.Name,
            };
        }
    }
}
