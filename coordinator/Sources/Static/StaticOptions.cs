using Plugboard.Coordinator.Configuration;

namespace Plugboard.Coordinator.Sources.Static;

/// <summary>The path of the peers file, and this node's name in it.</summary>
internal sealed record StaticOptions
{
    /// <summary>The file; symbolic links are resolved at each reading.</summary>
    public required string Path { get; init; }

    /// <summary>This node's name in the file.</summary>
    public required string NodeName { get; init; }

    /// <summary>This node's own network configuration, for a file without one; null: none.</summary>
    public NetConf? Network { get; init; }
}
