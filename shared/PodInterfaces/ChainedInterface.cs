using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>
/// The interface of CNI_IFNAME in a pod, which a plugin before this one made: a client of its namespace, with the namespace's lock. The
/// calling thread stays where it is.
/// </summary>
public sealed class ChainedInterface : IDisposable
{
    // Longer than any call that goes well, shorter than a runtime's patience.
    private static readonly TimeSpan timeout = TimeSpan.FromSeconds(20);

    private readonly FileLock held;

    private ChainedInterface(NetworkNamespace pod)
    {
        Namespace = pod;
        // The namespace itself, as the reference's sbr: a file for each pod would stay until the node boots.
        held = FileLock.Take(NetworkNamespace.Open(pod.Path).File, timeout);
        Inside = pod.OpenClient();
    }

    /// <summary>The pod's namespace.</summary>
    public NetworkNamespace Namespace { get; }

    /// <summary>A client of the pod's namespace.</summary>
    public RouteClient Inside { get; }

    /// <summary>Opens the namespace of an ADD or CHECK.</summary>
    /// <exception cref="NetworkNamespaceException">CNI_NETNS is no network namespace.</exception>
    /// <exception cref="FileLockTimeoutException">Another process had the lock all the time.</exception>
    public static ChainedInterface Open(CniRequest request) => new(NetworkNamespace.Open(request.NetNs));

    /// <summary>Opens the namespace of a DEL; null if it is gone, or was none, or if the interface is another pod's by now.</summary>
    public static ChainedInterface? Find(CniRequest request, string plugin)
    {
        if (PodNamespace.Find(request.NetNs, plugin) is not { } pod)
            return null;
        var found = new ChainedInterface(pod);
        if (found.Inside.Links.Find(request.IfName) is not { } link || !InterfaceOwner.IsOnHostAnothers(link, request.Attachment))
            return found;
        found.Dispose();
        return null;
    }

    /// <summary>The interface of an ADD.</summary>
    /// <exception cref="CniException">Code 7: the container has none of the name.</exception>
    public Link Get(CniRequest request, string message) =>
        Inside.Links.Find(request.IfName)
        ?? throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            message,
            $"the container has no interface {request.IfName}: the plugin before this one in the conflist makes it"
        );

    /// <inheritdoc/>
    public void Dispose()
    {
        Inside.Dispose();
        held.Dispose();
        Namespace.Dispose();
    }
}
