using Plugboard.Addresses;
using Plugboard.Firewall.Ports;
using Plugboard.Linux;
using Plugboard.Netlink.Conntrack;
using Plugboard.Netlink.Route;

namespace Plugboard.Firewall.HostPorts;

/// <summary>
/// Ends the kernel's flows of UDP clients: a flow keeps its destination while its client sends, though its pod is gone, or a new one has
/// come. The kernel selects the flows by port and address; other flows are not touched.
/// </summary>
public static class StaleFlows
{
    private const byte Udp = (byte)PortProtocol.Udp;

    /// <summary>After ports were published: ends the flows to them that lead elsewhere.</summary>
    public static void EndBefore(PodHostPorts forward) =>
        ForEach(
            forward,
            static (client, routes, port, pod) =>
                client.DeleteWhere(
                    new FlowFilter(pod.Is6, Udp, new FlowEnds { Destination = port.OnlyAddress, DestinationPort = port.HostPort }),
                    // The address may have been another pod's before, which had the port lead to another one of its own.
                    flow =>
                        (flow.Reply.Source != pod || flow.Reply.SourcePort != port.ContainerPort)
                        && IsLocal(routes, flow.Original.Destination)
                )
        );

    /// <summary>After ports were withdrawn: ends the flows that lead to the pod.</summary>
    public static void EndAfter(PodHostPorts forward) =>
        ForEach(
            forward,
            static (client, _, port, pod) =>
                client.DeleteWhere(
                    new FlowFilter(
                        pod.Is6,
                        Udp,
                        new FlowEnds { Destination = port.OnlyAddress, DestinationPort = port.HostPort },
                        new FlowEnds { Source = pod, SourcePort = port.ContainerPort }
                    ),
                    flow => flow.Original.Destination != pod
                )
        );

    /// <summary>
    /// After masquerading was restored: ends the flows of pods that began without it, and would otherwise leave with the pod's address
    /// while the pod sends.
    /// </summary>
    /// <param name="pods">The pods' addresses with the length of their network.</param>
    public static void EndUnmasqueraded(IReadOnlyList<IPPrefix> pods)
    {
        if (pods.Count == 0)
            return;
        Try(() =>
        {
            using var client = ConntrackClient.Open();
            foreach (var pod in pods)
            {
                client.DeleteWhere(
                    new FlowFilter(pod.Is6, Udp, new FlowEnds { Source = pod.Address }),
                    flow => flow.Reply.Destination == pod.Address && !pod.Network.Contains(flow.Original.Destination)
                );
            }
        });
    }

    private static void ForEach(PodHostPorts forward, Action<ConntrackClient, RouteClient, PortMapping, IPAddr> job)
    {
        if (HasUdp(forward))
            Try(() => ForEachUdpPort(forward, job));
    }

    private static void Try(Action job)
    {
        try
        {
            job();
        }
        catch (ErrnoException e) when (e.Errno is Errno.EPROTONOSUPPORT or Errno.EAFNOSUPPORT or Errno.EOPNOTSUPP or Errno.EINVAL)
        {
            // A kernel that cannot be asked what it remembers forgets in its own time; ports come and go all the same.
        }
    }

    private static void ForEachUdpPort(PodHostPorts forward, Action<ConntrackClient, RouteClient, PortMapping, IPAddr> job)
    {
        using var client = ConntrackClient.Open();
        using var routes = RouteClient.Open();
        foreach (var port in forward.Ports)
        {
            foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
            {
                if (port.Protocol == PortProtocol.Udp && port.IsOf(is6) && forward.AddressOf(is6) is { } pod)
                    job(client, routes, port, pod.Address);
            }
        }
    }

    private static bool HasUdp(PodHostPorts forward)
    {
        foreach (var port in forward.Ports)
        {
            if (port.Protocol == PortProtocol.Udp)
                return true;
        }

        return false;
    }

    // A flow to another machine, or to a service's address, is not to this node's port.
    private static bool IsLocal(RouteClient routes, IPAddr address) => routes.Routes.Get(address) is { Type: RouteType.Local };
}
