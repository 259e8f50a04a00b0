using Plugboard.Addresses;

namespace Plugboard.Linux.Names;

/// <summary>What is known of a server's name.</summary>
/// <param name="Addresses">Its addresses; none: see <paramref name="Failure"/>.</param>
/// <param name="Failure">Why there are none, without the name: <c>no such name (10.0.0.1)</c>, <c>no name server could say: 10.0.0.1:
/// SERVFAIL</c>. Empty if there are addresses.</param>
public sealed record NameLookup(IReadOnlyList<IPAddr> Addresses, string Failure = "");
