using Plugboard.Coordinator.Policy.Objects;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>Numeric ports as disjoint ranges: the kernel refuses ranges that overlap. Pure.</summary>
internal static class PortSpans
{
    /// <summary>The ranges by protocol, in order, none touching the next.</summary>
    public static List<PolicyElement> Of(IEnumerable<PolicyPort> ports)
    {
        var merged = new List<PolicyElement>();
        var sorted = ports.Where(static port => port.Name is null).OrderBy(static port => port.Protocol).ThenBy(static port => port.First);
        foreach (var port in sorted)
        {
            if (merged.Count > 0 && merged[^1].Protocol == (byte)port.Protocol && merged[^1].LastPort + 1 >= port.First)
                merged[^1] = merged[^1] with { LastPort = Math.Max(merged[^1].LastPort, port.Last) };
            else
                merged.Add(PolicyElement.Of((byte)port.Protocol, port.First, port.Last));
        }

        return merged;
    }
}
