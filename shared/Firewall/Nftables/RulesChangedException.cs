using System.Globalization;
using Plugboard.Linux;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// What was planned from the kernel's rules did not fit them any more when it was to be done, time and again: other processes change them
/// without a pause. Nothing was done.
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
