namespace Plugboard.Firewall.Iptables;

/// <summary>Where the iptables tools are and how long they may take.</summary>
public sealed record IptablesOptions
{
    /// <summary>Which implementation.</summary>
    public IptablesVariant Variant { get; init; }

    /// <summary>Which table.</summary>
    public string Table { get; init; } = "nat";

    /// <summary>How long to wait for the xtables lock, in whole seconds of at least one. iptables-nft has no lock.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a tool may take in all before it is killed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The folders to search first, divided by colons; null or empty, as under some kubelets: only the usual ones.</summary>
    public string? Path { get; init; } = Environment.GetEnvironmentVariable("PATH");
}
