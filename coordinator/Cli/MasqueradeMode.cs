namespace Plugboard.Coordinator.Cli;

/// <summary>Whose rules of masquerading are kept.</summary>
internal enum MasqueradeMode
{
    /// <summary>Nobody's: somebody else masquerades.</summary>
    Off,

    /// <summary>ip-masq-agent's.</summary>
    Agent,

    /// <summary>flannel's <c>--ip-masq</c>.</summary>
    Flannel,
}
