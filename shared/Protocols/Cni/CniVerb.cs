namespace Plugboard.Protocols.Cni;

/// <summary>The operations of CNI_COMMAND.</summary>
public enum CniVerb
{
    /// <summary>ADD: connect a container to a network.</summary>
    Add,

    /// <summary>DEL: disconnect it and release all it had.</summary>
    Del,

    /// <summary>CHECK: is it connected as its ADD left it?</summary>
    Check,

    /// <summary>GC: release what belongs to no valid attachment.</summary>
    Gc,

    /// <summary>STATUS: could an ADD be serviced?</summary>
    Status,

    /// <summary>VERSION: which versions of the specification are spoken.</summary>
    Version,
}
