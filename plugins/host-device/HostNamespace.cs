using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;

namespace Plugboard.HostDevice;

/// <summary>
/// The namespace that the plugin was called in, and a client of it: opened once, so that a rollback reaches it from wherever the thread is.
/// </summary>
internal sealed class HostNamespace : IDisposable
{
    /// <summary>The namespace, for a move into it.</summary>
    public NetworkNamespace Namespace { get; } = NetworkNamespace.OpenOwn();

    /// <summary>The links of the host.</summary>
    public RouteClient Client { get; } = RouteClient.Open();

    /// <inheritdoc/>
    public void Dispose()
    {
        Client.Dispose();
        Namespace.Dispose();
    }
}
