namespace Plugboard.Coordinator.Cli;

/// <summary>Where the objects of network policy are read.</summary>
internal enum NetworkPolicyMode
{
    /// <summary>Nowhere: no policy is enforced.</summary>
    Off,

    /// <summary>In files.</summary>
    Files,
}
