namespace Plugboard.Protocols.Cni;

/// <summary>Error codes of the CNI specification 1.1.0, section 5, and of its library.</summary>
public enum CniErrorCode
{
    /// <summary>The config's version is not supported.</summary>
    IncompatibleVersion = 1,

    /// <summary>A field's value is not supported; the message names key and value.</summary>
    UnsupportedField = 2,

    /// <summary>The container is unknown; the runtime need not clean up.</summary>
    UnknownContainer = 3,

    /// <summary>Invalid environment variables; the message names them.</summary>
    InvalidEnvironment = 4,

    /// <summary>Input or output failed.</summary>
    IOFailure = 5,

    /// <summary>Content could not be decoded.</summary>
    DecodingFailure = 6,

    /// <summary>The network config is invalid.</summary>
    InvalidNetworkConfig = 7,

    /// <summary>The network namespace is invalid.</summary>
    InvalidNetNs = 8,

    /// <summary>Try again later.</summary>
    TryAgainLater = 11,

    /// <summary>STATUS: the plugin cannot service ADD.</summary>
    PluginNotAvailable = 50,

    /// <summary>STATUS: not available, and existing containers may have limited connectivity.</summary>
    PluginNotAvailableLimitedConnectivity = 51,

    /// <summary>CHECK: something is not as ADD left it. The specification leaves codes from 100 on to plugins.</summary>
    NotAsAdded = 100,

    /// <summary>ADD: the container has what it asks for already; its DEL comes first.</summary>
    AlreadyAdded = 101,

    /// <summary>ADD: another container has the host port.</summary>
    PortTaken = 102,

    /// <summary>Another living pod has the address.</summary>
    AddressTaken = 103,

    /// <summary>ADD: another container has the device.</summary>
    DeviceTaken = 104,

    /// <summary>What was not foreseen.</summary>
    Internal = 999,
}
