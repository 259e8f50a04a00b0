using Plugboard.Addresses;

namespace Plugboard.Linux.Names;

/// <summary>What a name server says to a question.</summary>
internal enum DnsOutcome
{
    /// <summary>There are addresses.</summary>
    Found,

    /// <summary>The name has none of this family (NOERROR without an answer).</summary>
    NoData,

    /// <summary>The name does not exist (NXDOMAIN).</summary>
    NoName,

    /// <summary>The answer was truncated: it must be requested over TCP.</summary>
    Truncated,

    /// <summary>This server cannot say; another one may.</summary>
    Failed,
}

/// <summary>A name server's answer.</summary>
/// <param name="Outcome">What it says.</param>
/// <param name="Addresses">The addresses; of an answer that did not fit those that did.</param>
/// <param name="Failure">Why the server cannot say, one word or a few.</param>
internal sealed record DnsReply(DnsOutcome Outcome, IReadOnlyList<IPAddr> Addresses, string Failure = "");
