using Plugboard.Addresses;

namespace Plugboard.Linux.Names;

/// <summary>The result of a name's lookup.</summary>
/// <param name="Addresses">The addresses; if empty, see <paramref name="Failure"/>.</param>
/// <param name="Failure">Why there are no addresses, without the name: <c>no such name (10.0.0.1)</c>, <c>no name server could say:
/// 10.0.0.1: SERVFAIL</c>. Empty if there are addresses.</param>
public sealed record NameLookup(IReadOnlyList<IPAddr> Addresses, string Failure = "");
