using Plugboard.Addresses;

namespace Plugboard.Ipam.HostLocal;

/// <summary>An address that may be given out, and the range it is from.</summary>
internal readonly record struct Candidate(IPAddr Address, IPRange Range);
