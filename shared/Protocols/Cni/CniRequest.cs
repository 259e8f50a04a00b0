namespace Plugboard.Protocols.Cni;

/// <summary>One call of a plugin: what the environment and standard input said, already validated for its verb.</summary>
public sealed class CniRequest
{
    /// <summary>CNI_COMMAND.</summary>
    public required CniVerb Verb { get; init; }

    /// <summary>CNI_CONTAINERID; may be empty for GC and STATUS.</summary>
    public string ContainerId { get; init; } = "";

    /// <summary>CNI_NETNS: a path; may be empty for DEL, GC and STATUS.</summary>
    public string NetNs { get; init; } = "";

    /// <summary>CNI_IFNAME; may be empty for GC and STATUS.</summary>
    public string IfName { get; init; } = "";

    /// <summary>CNI_ARGS as it came; may be empty.</summary>
    public string Args { get; init; } = "";

    /// <summary>CNI_PATH: where delegates are looked for, divided by colons.</summary>
    public string Path { get; init; } = "";

    /// <summary>Standard input to the byte: what a delegate is given.</summary>
    public required byte[] StdinBytes { get; init; }

    /// <summary>The whole config.</summary>
    public required ConfigNode Config { get; init; }

    /// <summary>The config's <c>name</c>.</summary>
    public required string NetworkName { get; init; }

    /// <summary>The config's <c>cniVersion</c>; 0.1.0 where it says none.</summary>
    public required string CniVersion { get; init; }

    /// <summary>
    /// The config's <c>prevResult</c>; null where there is none. One that cannot be read is a <see cref="CniException"/>, so DEL asks
    /// <see cref="FindPrevResultLeniently"/>.
    /// </summary>
    public CniResult? FindPrevResult() => null;

    /// <summary>The config's <c>prevResult</c>; null where there is none or it cannot be read.</summary>
    public CniResult? FindPrevResultLeniently() => null;
}
