using System.Runtime.InteropServices;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>Ports, both ends included.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last; not below the first.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PortRange(ushort First, ushort Last)
{
    /// <summary>How many.</summary>
    public int Count => Last - First + 1;

    /// <summary>As iptables takes it: <c>80</c> or <c>1024-2047</c>.</summary>
    public override string ToString() => First == Last ? $"{First}" : $"{First}-{Last}";
}
