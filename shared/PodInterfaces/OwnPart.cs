using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>
/// What of a chain's result is this plugin's: another plugin may have added interfaces, with addresses and routes of their own. Pure.
/// </summary>
public sealed class OwnPart
{
    private readonly CniResult result;
    private readonly List<CniIP> own;
    private readonly List<CniIP> others;

    /// <summary>Divides a result.</summary>
    /// <param name="result">The result.</param>
    /// <param name="ifName">CNI_IFNAME.</param>
    public OwnPart(CniResult result, string ifName)
    {
        this.result = result;
        Container = result.InterfaceOf(ifName);
        own = [.. result.AddressesOf(ifName)];
        others = [.. result.IPs.Except(own)];
    }

    /// <summary>The container's interface; null where the result does not list it.</summary>
    public CniInterface? Container { get; }

    /// <summary>The addresses of the container's interface.</summary>
    public IReadOnlyList<CniIP> IPs => own;

    /// <summary>All routes of the result.</summary>
    public IReadOnlyList<CniRoute> Routes => result.Routes;

    /// <summary>An interface of the host; a container's may have its name.</summary>
    public CniInterface? FindOnHost(string name) =>
        Find(each => each.Name == name && each.Sandbox.Length == 0) ?? Find(each => each.Name == name);

    /// <summary>The owner of a route that does not name its interface.</summary>
    public RouteOwner OwnerOf(CniRoute route)
    {
        if (others.Count == 0)
            return RouteOwner.Own;
        if (route.Gw is not { } gateway)
            return others.Any(ip => ip.Address.Is6 == route.Dst.Is6) ? RouteOwner.Unknown : RouteOwner.Own;
        if (IsNeighbour(own, gateway))
            return RouteOwner.Own;
        return IsNeighbour(others, gateway) ? RouteOwner.Other : RouteOwner.Unknown;
    }

    private static bool IsNeighbour(List<CniIP> ips, IPAddr gateway)
    {
        foreach (var ip in ips)
        {
            if (ip.Gateway == gateway || ip.Address.Contains(gateway))
                return true;
        }

        return false;
    }

    private CniInterface? Find(Func<CniInterface, bool> isWanted)
    {
        foreach (var each in result.Interfaces)
        {
            if (isWanted(each))
                return each;
        }

        return null;
    }
}

/// <summary>The owner of a result's route.</summary>
public enum RouteOwner
{
    /// <summary>This plugin's.</summary>
    Own,

    /// <summary>Another plugin's, by its gateway.</summary>
    Other,

    /// <summary>It may be either's.</summary>
    Unknown,
}
