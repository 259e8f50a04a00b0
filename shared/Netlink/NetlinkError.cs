using Plugboard.Linux;

namespace Plugboard.Netlink;

/// <summary>The kernel's refusal of one request.</summary>
/// <param name="Errno">The error number.</param>
/// <param name="Message">The kernel's own sentence (extended ack, Linux 4.12); null if it gave none.</param>
/// <param name="Attribute">The attribute it points at, as <c>IFLA_LINKINFO/IFLA_INFO_KIND</c>; null if it points at none.</param>
public sealed record NetlinkError(Errno Errno, string? Message, string? Attribute);
