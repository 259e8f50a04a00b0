namespace Plugboard.Netlink.Route;

/// <summary>How an address is added.</summary>
/// <param name="NoDad">IPv6: taken at once, without duplicate address detection (IFA_F_NODAD).</param>
/// <param name="NoPrefixRoute">No route to its network is made (IFA_F_NOPREFIXROUTE, Linux 3.14).</param>
/// <param name="Scope">Where it is valid.</param>
public readonly record struct AddressOptions(bool NoDad = false, bool NoPrefixRoute = false, RouteScope Scope = RouteScope.Universe);
