using Plugboard.Addresses;

namespace Plugboard.Coordinator.Configuration;

/// <summary>From which networks one is chosen for a node: SubnetLen, SubnetMin, SubnetMax and their IPv6 kin.</summary>
internal sealed record SubnetRange
{
    /// <summary>The length of a node's prefix; 0: by the rule.</summary>
    public int Length { get; init; }

    /// <summary>The first network's address; null: by the rule.</summary>
    public IPAddr? Min { get; init; }

    /// <summary>The last network's address; null: by the rule.</summary>
    public IPAddr? Max { get; init; }
}
