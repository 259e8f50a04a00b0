namespace Plugboard.Firewall.Iptables;

/// <summary>Someone else held the xtables lock all the time: nothing was done, and it is worth another try later.</summary>
/// <param name="tool">The executable's path.</param>
/// <param name="exitCode">Its exit status.</param>
/// <param name="waited">How long it waited.</param>
public sealed class IptablesLockedException(string tool, int? exitCode, TimeSpan waited)
    : IptablesException(
        tool,
        exitCode,
        null,
        $"{tool}: another process held the xtables lock for {waited.TotalSeconds} s; nothing was changed"
    )
{
    /// <summary>How long it waited.</summary>
    public TimeSpan Waited { get; } = waited;
}
