using System.Globalization;
using Plugboard.Linux;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// The kernel refused the planned change several times, because other processes change the rules without a pause. Nothing was changed.
/// </summary>
/// <param name="failures">What the kernel refused last.</param>
/// <param name="attempts">How often it was tried.</param>
public sealed class RulesChangedException(IReadOnlyList<NftablesFailure> failures, int attempts)
    : ErrnoException(
        "nftables",
        failures[0].Change,
        failures[0].Error.Errno,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{new NftablesException(failures).Message}; other processes changed the rules during each of {attempts} attempts"
        )
    )
{
    /// <summary>How often it was tried.</summary>
    public int Attempts { get; } = attempts;
}
