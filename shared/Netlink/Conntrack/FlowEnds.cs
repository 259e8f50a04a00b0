using Plugboard.Addresses;

namespace Plugboard.Netlink.Conntrack;

/// <summary>What one direction of the flows that are looked for has; null: anything.</summary>
public sealed record FlowEnds
{
    /// <summary>Whence.</summary>
    public IPAddr? Source { get; init; }

    /// <summary>Whither.</summary>
    public IPAddr? Destination { get; init; }

    /// <summary>From which port; 0 is no port.</summary>
    public ushort? SourcePort { get; init; }

    /// <summary>To which port; 0 is no port.</summary>
    public ushort? DestinationPort { get; init; }

    internal bool HasPort => SourcePort is not null || DestinationPort is not null;

    internal bool SaysNothing => Source is null && Destination is null && !HasPort;

    internal bool IsOf(bool is6) => (Source?.Is6 ?? is6) == is6 && (Destination?.Is6 ?? is6) == is6;

    internal bool Matches(in FlowTuple tuple) =>
        (Source is null || Source == tuple.Source)
        && (Destination is null || Destination == tuple.Destination)
        && (SourcePort is null || SourcePort == tuple.SourcePort)
        && (DestinationPort is null || DestinationPort == tuple.DestinationPort);
}
