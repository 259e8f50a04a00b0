namespace Plugboard.Coordinator.Cli;

/// <summary>The masquerading rules to maintain.</summary>
internal enum MasqueradeMode
{
    /// <summary>None: another program masquerades.</summary>
    Off,

    /// <summary>ip-masq-agent's.</summary>
    Agent,

    /// <summary>flannel's <c>--ip-masq</c>.</summary>
    Flannel,
}
