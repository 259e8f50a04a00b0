using Plugboard.Coordinator.Configuration;

namespace Plugboard.Coordinator.Sources.Static;

/// <summary>Where the peers file is and who this node is in it.</summary>
internal sealed record StaticOptions
{
    /// <summary>The file; a link, also one of several, is followed anew each time.</summary>
    public required string Path { get; init; }

    /// <summary>This node's name in the file.</summary>
    public required string NodeName { get; init; }

    /// <summary>This node's own configuration of the network, for a file that has none; null: there is none.</summary>
    public NetConf? Network { get; init; }
}
