using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>
/// What ADD made, in the form of specification 1.1.0; it is written in the form a config's version wants.
/// </summary>
public sealed record CniResult
{
    /// <summary>The interfaces, in the order that <see cref="CniIP.Interface"/> counts.</summary>
    public IReadOnlyList<CniInterface> Interfaces { get; init; } = [];

    /// <summary>The container's addresses.</summary>
    public IReadOnlyList<CniIP> IPs { get; init; } = [];

    /// <summary>The container's routes.</summary>
    public IReadOnlyList<CniRoute> Routes { get; init; } = [];

    /// <summary>Name resolution.</summary>
    public CniDns Dns { get; init; } = CniDns.None;

    /// <summary>
    /// The config wants a link without addresses: results before 0.3.0, which have nothing but addresses, are then written without one.
    /// </summary>
    public bool IsLayer2 { get; init; }

    /// <summary>
    /// The container's interface of a name; where the result says no sandbox, any interface of the name. Null if the result does not list
    /// it.
    /// </summary>
    public CniInterface? InterfaceOf(string ifName) =>
        Find(each => each.Name == ifName && each.Sandbox.Length > 0) ?? Find(each => each.Name == ifName);

    /// <summary>
    /// The addresses of a container's interface. One that names no interface of the result is of each: results before 0.3.0 name none.
    /// </summary>
    public IEnumerable<CniIP> AddressesOf(string ifName)
    {
        var owner = InterfaceOf(ifName);
        foreach (var ip in IPs)
        {
            if (ip.Interface is not { } index || index < 0 || index >= Interfaces.Count || ReferenceEquals(Interfaces[index], owner))
                yield return ip;
        }
    }

    /// <summary>
    /// The host's end of a container's interface: bridge and ptp list it right before the container's. Null if the result names none, as
    /// for a macvlan.
    /// </summary>
    public CniInterface? HostEndOf(string ifName)
    {
        for (var i = 1; i < Interfaces.Count; i++)
        {
            if (Interfaces[i].Name == ifName && Interfaces[i].Sandbox.Length > 0)
                return Interfaces[i - 1] is { Sandbox.Length: 0 } host ? host : null;
        }

        return null;
    }

    private CniInterface? Find(Func<CniInterface, bool> isWanted)
    {
        foreach (var each in Interfaces)
        {
            if (isWanted(each))
                return each;
        }

        return null;
    }
}

/// <summary>An interface of the result; empty and zero fields are not written.</summary>
/// <param name="Name">Its name.</param>
public sealed record CniInterface(string Name)
{
    /// <summary>Its hardware address as text; may be empty.</summary>
    public string Mac { get; init; } = "";

    /// <summary>Its MTU in bytes; 0 where unknown.</summary>
    public int Mtu { get; init; }

    /// <summary>The path of its namespace; empty on the host.</summary>
    public string Sandbox { get; init; } = "";

    /// <summary>The socket of a vhost-user interface; may be empty.</summary>
    public string SocketPath { get; init; } = "";

    /// <summary>The PCI id of a device; may be empty.</summary>
    public string PciId { get; init; } = "";
}

/// <summary>An address of the result.</summary>
/// <param name="Address">The address with its network's prefix length.</param>
public sealed record CniIP(IPPrefix Address)
{
    /// <summary>The network's gateway.</summary>
    public IPAddr? Gateway { get; init; }

    /// <summary>The index in <see cref="CniResult.Interfaces"/> of the interface that has it.</summary>
    public int? Interface { get; init; }
}

/// <summary>A route of the result, or of an IPAM config.</summary>
/// <param name="Dst">The destination.</param>
public sealed record CniRoute(IPPrefix Dst)
{
    /// <summary>The next hop; null: the gateway of the address's family.</summary>
    public IPAddr? Gw { get; init; }

    /// <summary>The path's MTU in bytes; 0: the device's.</summary>
    public int Mtu { get; init; }

    /// <summary>The TCP segment size to advertise in bytes; 0: the kernel's choice.</summary>
    public int AdvMss { get; init; }

    /// <summary>The metric, to the kernel 32 bits without a sign; 0: the kernel's default.</summary>
    public long Priority { get; init; }

    /// <summary>The routing table; null: main.</summary>
    public int? Table { get; init; }

    /// <summary>The scope (rtnetlink(7)); null: universe.</summary>
    public int? Scope { get; init; }

    /// <summary>
    /// True where the scope says that the destination is on the link (253) or on the host itself (254): such a route has no next hop.
    /// </summary>
    public bool IsOnLink => Scope is 253 or 254;
}

/// <summary>Name resolution as resolv.conf(5) has it.</summary>
public sealed record CniDns
{
    /// <summary>Nothing configured.</summary>
    public static readonly CniDns None = new();

    /// <summary>Name servers, as text without validation.</summary>
    public IReadOnlyList<string> Nameservers { get; init; } = [];

    /// <summary>The local domain; may be empty.</summary>
    public string Domain { get; init; } = "";

    /// <summary>Search domains.</summary>
    public IReadOnlyList<string> Search { get; init; } = [];

    /// <summary>Resolver options.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>True where nothing is configured.</summary>
    public bool IsEmpty => Nameservers.Count == 0 && Domain.Length == 0 && Search.Count == 0 && Options.Count == 0;
}
