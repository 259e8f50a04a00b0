namespace Plugboard.Ipam.HostLocal;

/// <summary>What a file with an address for its name is.</summary>
internal enum LeaseState
{
    /// <summary>A lease.</summary>
    Leased,

    /// <summary>What a crash left; under the lock it is garbage.</summary>
    Torn,

    /// <summary>A directory, a link, or a text in no known format: the address is reserved, its owner unknown.</summary>
    Alien,
}
