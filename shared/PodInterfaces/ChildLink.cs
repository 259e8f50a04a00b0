using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.PodInterfaces;

/// <summary>
/// What a config says of the link that <see cref="ChildLinkPlugin"/> makes: one in the pod, in most kinds above a master.
/// </summary>
public abstract record ChildLink
{
    /// <summary>The driver's name, such as <c>macvlan</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>The name of the link below; empty: the one of the default route.</summary>
    public string Master { get; init; } = "";

    /// <summary>The master is in the container's namespace.</summary>
    public bool IsMasterInContainer { get; init; }

    /// <summary>In bytes; 0: the master's, or the kernel's default without one.</summary>
    public int Mtu { get; init; }

    /// <summary>The kind has a master.</summary>
    public virtual bool HasMaster => true;

    /// <summary>The kind has no use without addresses.</summary>
    public virtual bool NeedsAddresses => true;

    /// <summary>
    /// Without an IPAM plugin it has the addresses, and perhaps the master, of the plugin before it, which only ADD knows.
    /// </summary>
    public virtual bool MayBeChained => false;

    /// <summary>Neighbours are asked for addresses, and hear of new ones.</summary>
    public virtual bool HasNeighbours => true;

    /// <summary>The link to be made.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="master">The index of the link below; 0 where the kind has none.</param>
    public abstract LinkSpec ToSpec(string name, int master);

    /// <summary>Makes the link in the pod, down, as <see cref="ToSpec"/> says.</summary>
    /// <param name="from">A client of the namespace of the master; the pod's where the kind has none.</param>
    /// <param name="name">The link's first name.</param>
    /// <param name="master">The index of the link below; 0 where the kind has none.</param>
    /// <param name="pod">The pod.</param>
    /// <exception cref="NetlinkException">EEXIST: the pod has a link of the name; or the kernel's reason.</exception>
    public virtual void Create(RouteClient from, string name, int master, NetworkNamespace pod) =>
        from.Links.Add(ToSpec(name, master) with { NetNs = pod.File });

    /// <summary>What of a link of this kind is not as configured, a sentence; null if nothing is.</summary>
    public virtual string? FindDifference(Link link) => null;

    /// <summary>What to do where the kernel refuses the link for a reason of this kind; null: nothing is known.</summary>
    /// <param name="errno">The kernel's reason.</param>
    public virtual string? FindRemedy(Linux.Errno errno) => null;
}
