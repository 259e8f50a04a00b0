namespace Plugboard.Coordinator.Cli;

/// <summary>Where the objects of network policy are read.</summary>
internal enum NetworkPolicyMode
{
    /// <summary>Nowhere: no policy is enforced.</summary>
    Off,

    /// <summary>In files.</summary>
    Files,

    /// <summary>In the Kubernetes API.</summary>
    Api,
}

/// <summary>What becomes of packets of this node's pods that are not known yet.</summary>
internal enum PolicyStartMode
{
    /// <summary>They pass.</summary>
    Open,

    /// <summary>They are refused.</summary>
    Closed,
}

/// <summary>What becomes of connections that exist when a policy forbids them.</summary>
internal enum PolicyEstablishedMode
{
    /// <summary>They end.</summary>
    Cut,

    /// <summary>They go on until they end.</summary>
    Keep,
}
