using Plugboard.Addresses;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Loopback;

/// <summary>Sets a pod's loopback interface up. Whatever CNI_IFNAME says, it is <c>lo</c>.</summary>
internal sealed class LoopbackPlugin : CniPlugin
{
    private const string Device = "lo";

    private bool wasSetUp;

    /// <inheritdoc/>
    public override string Name => "loopback";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var (link, addresses) = Inside(
            request,
            inside =>
            {
                var link = inside.Links.Get(Device);
                RequireLoopbackOnly(inside.Addresses.List(link.Index));
                if (!link.IsUp)
                    inside.Links.Set(link.Index, new LinkChange { Up = true });
                wasSetUp = !link.IsUp;
                // The kernel gives a loopback interface its addresses when it comes up.
                return (link, inside.Addresses.List(link.Index));
            }
        );
        if (request.FindPrevResult() is { } previous)
            return previous;
        return new CniResult
        {
            Interfaces = [new CniInterface(Device) { Mac = link.Address?.ToString() ?? "", Sandbox = request.NetNs }],
            IPs = [.. FirstOf(addresses, is6: false), .. FirstOf(addresses, is6: true)],
        };
    }

    /// <summary>Sets it down only where <see cref="Add"/> has set it up.</summary>
    public override void Undo(CniRequest request)
    {
        if (wasSetUp)
            Del(request.WithVerb(CniVerb.Del));
    }

    private static void RequireLoopbackOnly(IReadOnlyList<InterfaceAddress> addresses)
    {
        foreach (var each in addresses)
        {
            if (!each.Address.Address.IsLoopback)
            {
                throw new CniException(
                    CniErrorCode.InvalidNetNs,
                    $"loopback interface found with non-loopback address \"{each.Address.Address}\"",
                    $"remove {each.Address} from lo in the container's network namespace"
                );
            }
        }
    }

    private static CniIP[] FirstOf(IReadOnlyList<InterfaceAddress> addresses, bool is6)
    {
        foreach (var each in addresses)
        {
            if (each.Address.Is6 == is6)
                return [new CniIP(each.Address) { Interface = 0 }];
        }

        return [];
    }

    /// <inheritdoc/>
    public override void Del(CniRequest request)
    {
        if (request.NetNs.Length == 0)
            return;
        try
        {
            using var pod = NetworkNamespace.Open(request.NetNs);
            var links = pod.Inside(static inside => inside.Links.List());
            // The path may lead to another pod by now: lo has no mark, the pod's other interfaces do.
            var isUp = links.Any(static link => link is { Name: Device, IsUp: true });
            if (isUp && !InterfaceOwner.HaveAnothers(links, request.Attachment))
                pod.Inside(SetDown);
        }
        catch (NetworkNamespaceException e)
        {
            StandardError.WriteLine($"loopback: {e.Message}: taken as gone");
        }
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        if (!Inside(request, static inside => inside.Links.Get(Device).IsUp))
            throw new CniException(
                CniErrorCode.NotAsAdded,
                "loopback interface is down",
                "something in the container set lo down after ADD"
            );
    }

    /// <summary>Nothing outlives a pod's namespace.</summary>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid) { }

    /// <summary>Every kernel has a loopback interface.</summary>
    public override void Status(CniRequest request) { }

    /// <summary>No keys of its own.</summary>
    public override IReadOnlyList<string> Validate(CniRequest request) => [];

    private static bool SetDown(RouteClient inside)
    {
        if (inside.Links.Find(Device) is { IsUp: true } link)
            inside.Links.Set(link.Index, new LinkChange { Up = false });
        return true;
    }

    private static T Inside<T>(CniRequest request, Func<RouteClient, T> work)
    {
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var entered = pod.Enter();
        using var inside = RouteClient.Open();
        return work(inside);
    }
}
