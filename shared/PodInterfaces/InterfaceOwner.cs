using Plugboard.Addresses;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.PodInterfaces;

/// <summary>
/// Who has an interface of a pod, by the alias of the interface or of the host's end of its pair. CNI_NETNS of a late DEL may lead to the
/// namespace of another pod: runtimes give paths again, and the kernel process ids.
/// </summary>
public static class InterfaceOwner
{
    /// <summary>
    /// True if another container than the attachment's has the interface; false also if it has no mark, as those of other implementations.
    /// </summary>
    /// <param name="host">A client of the host's namespace.</param>
    /// <param name="link">The interface, as the pod's namespace has it.</param>
    /// <param name="own">The attachment of the call. Its network is not compared: a network may have another name by now.</param>
    public static bool IsAnothers(RouteClient host, Link link, Attachment own) =>
        Names(link, own) || (link.Kind == "veth" && FindPeer(host, link) is { } peer && Names(peer, own));

    /// <summary>As <see cref="IsAnothers"/>, of a thread in the host's namespace that has no client of it.</summary>
    public static bool IsOnHostAnothers(Link link, Attachment own)
    {
        using var host = RouteClient.Open();
        return IsAnothers(host, link, own);
    }

    /// <summary>
    /// True if a namespace's links include one of another container, for a thread in the host's namespace that has no client of it.
    /// </summary>
    public static bool HaveAnothers(IReadOnlyList<Link> links, Attachment own)
    {
        if (links.All(static link => link.Kind.Length == 0))
            return false;
        using var host = RouteClient.Open();
        return links.Any(link => IsAnothers(host, link, own));
    }

    /// <summary>True if the link's alias names another container than the attachment's.</summary>
    public static bool Names(Link link, Attachment own) =>
        VethNames.Parse(link.Alias) is { } marked && marked.ContainerId != own.ContainerId;

    /// <summary>The host's end of a container's; null if that is in a namespace which is not the host's.</summary>
    public static Link? FindPeer(RouteClient host, Link container) =>
        host.Links.Find(container.PeerIndex) is { Kind: "veth" } peer && peer.PeerIndex == container.Index && peer.LinkNetNsId is not null
            ? peer
            : null;
}
