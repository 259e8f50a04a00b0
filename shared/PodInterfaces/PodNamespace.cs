using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;

namespace Plugboard.PodInterfaces;

/// <summary>A pod's network namespace as plugins use it.</summary>
public static class PodNamespace
{
    /// <summary>The namespace of CNI_NETNS for DEL; null if the runtime names none, or if it is gone.</summary>
    /// <param name="path">CNI_NETNS.</param>
    /// <param name="plugin">The plugin, which reports what is there instead.</param>
    public static NetworkNamespace? Find(string path, string plugin)
    {
        if (path.Length == 0)
            return null;
        try
        {
            return NetworkNamespace.Open(path);
        }
        catch (NetworkNamespaceException e)
        {
            StandardError.WriteLine($"{plugin}: {e.Message}: taken as gone");
            return null;
        }
    }

    extension(NetworkNamespace pod)
    {
        /// <summary>A client of the namespace; the thread stays where it is.</summary>
        public RouteClient OpenClient()
        {
            using var entered = pod.Enter();
            return RouteClient.Open();
        }

        /// <summary>Does something in the namespace.</summary>
        public T Inside<T>(Func<RouteClient, T> work)
        {
            using var entered = pod.Enter();
            using var inside = RouteClient.Open();
            return work(inside);
        }
    }
}
