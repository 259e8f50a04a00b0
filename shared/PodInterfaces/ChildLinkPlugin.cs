using Plugboard.Addresses;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>
/// A plugin whose ADD makes one link in the pod. A kind of link is a class of its own that reads the config; what they share is here: IPAM,
/// addresses, routes, DNS, the owner's mark, rollback, and every other verb.
/// </summary>
public abstract class ChildLinkPlugin : CniPlugin
{
    /// <summary>The place of the container's interface in the result: there is no other.</summary>
    private const int ContainerInterface = 0;

    /// <summary>Reads and validates the keys of the link's own.</summary>
    /// <exception cref="CniException">Code 2 or 7: a value is not supported, or wrong.</exception>
    protected abstract ChildLink Read(CniRequest request);

    /// <summary>
    /// The result of an earlier plugin whose addresses the link takes over, where the config has no ipam; null: it takes none.
    /// </summary>
    protected virtual CniResult? FindChained(CniRequest request) => null;

    /// <summary>The kernel's name of the kind of link.</summary>
    protected virtual string Kind => Name;

    /// <summary>The keys that the plugin knows, beside those of every config.</summary>
    protected abstract IReadOnlyList<string> Keys { get; }

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var child = Read(request);
        var (ipam, ipamType) = FindIpam(request, child);
        var dns = InterfaceKeys.ReadDns(request.Config);
        if (IpamDelegate.Foresee(ipam, request) is { } foreseen)
            PodAddresses.From(foreseen, ipamType, child.Mtu, ContainerInterface);
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var rollback = new Rollback(Report);
        using var made = PodLink.Create(pod, child, request.Attachment, rollback);

        // The interface was not there before this ADD: nothing of an earlier one uses its leases.
        var lease = ipam is null ? FindChained(request) : IpamDelegate.Lease(ipam, static () => false, rollback);
        var addresses = lease is null ? PodAddresses.None : PodAddresses.From(lease, ipamType, made.Link.Mtu, ContainerInterface);
        made.Connect(Name, child, addresses, ipamType);

        rollback.Cancel();
        return new CniResult
        {
            Interfaces = [new CniInterface(request.IfName) { Mac = made.Link.Address?.ToString() ?? "", Sandbox = request.NetNs }],
            IPs = addresses.IPs,
            Routes = addresses.Routes,
            Dns = dns ?? lease?.Dns ?? CniDns.None,
            IsLayer2 = lease is null,
        };
    }

    private void Report(string what, Exception e) => StandardError.WriteLine($"{Name}: cannot {what}: {e.Message}");

    private (PluginDelegate? Ipam, string Type) FindIpam(CniRequest request, ChildLink child)
    {
        var type = InterfaceKeys.ReadIpamType(request.Config);
        if (type.Length > 0)
            return (IpamDelegate.Find(request, type), type);
        if (child.MayBeChained && request.Verb is not (CniVerb.Add or CniVerb.Check))
            return (null, type);
        if (FindChained(request) is not null)
            return (null, "of the plugin before");
        if (!child.NeedsAddresses)
            return (null, type);

        throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            $"{Name} interface requires an IPAM configuration",
            "add ipam with a type, such as {\"type\": \"host-local\", …}, to the network config"
        );
    }

    /// <inheritdoc/>
    public override void Del(CniRequest request)
    {
        var failures = new Failures();
        var ipam = InterfaceKeys.ReadIpamTypeLeniently(request.Config);
        IpamDelegate.Del(failures, request, ipam, () => PodLink.Delete(request, Name, Kind));
        failures.ThrowIfAny();
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var child = Read(request);
        FindIpam(request, child).Ipam?.Check();
        var result = request.GetPrevResult($"{Name}: ");
        var master = child.IsMasterInContainer ? null : FindMaster(child);
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var entered = pod.Enter();
        using var inside = RouteClient.Open();
        var link = new InterfaceCheck(request, result) { Kind = child.Kind }.Container(inside);
        if (child.IsMasterInContainer)
            master = FindMaster(child);
        var difference =
            master is not null && !IsAbove(link, master)
                ? $"{link.Name} is above another interface than {master.Name}"
                : child.FindDifference(link);
        if (difference is not null)
            throw new CniException(CniErrorCode.NotAsAdded, difference, $"{link.Name} was changed, or made by another network config");
    }

    // A macvlan above a macvlan is above what that is above, and an ipvlan too.
    private static bool IsAbove(Link link, Link master) =>
        link.PeerIndex == master.Index || (link.Kind == master.Kind && link.PeerIndex == master.PeerIndex);

    // The interface that the config names, for a thread in its namespace. The default route may be another one's by now.
    private static Link? FindMaster(ChildLink child)
    {
        if (!child.HasMaster || child.Master.Length == 0)
            return null;
        using var client = RouteClient.Open();
        return new MasterLink(client, child).Find(CniErrorCode.NotAsAdded);
    }

    /// <summary>A link ends with the pod's namespace; what outlives that is the IPAM plugin's.</summary>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid)
    {
        if (valid is not null && InterfaceKeys.ReadIpamTypeLeniently(request.Config) is { Length: > 0 } ipam)
            IpamDelegate.Find(request, ipam).Gc();
    }

    /// <inheritdoc/>
    public override void Status(CniRequest request)
    {
        var child = Read(request);
        var (ipam, ipamType) = FindIpam(request, child);
        if (IpamDelegate.ForeseeFirst(ipam, request) is { } foreseen)
            PodAddresses.From(foreseen, ipamType, child.Mtu, ContainerInterface);
        // A master without a carrier is no reason: it may have one again before the next look.
        var isMasterUnknown = child is { MayBeChained: true, Master: "" } && ipam is null;
        if (child is { HasMaster: true, IsMasterInContainer: false } && !isMasterUnknown)
        {
            using var host = RouteClient.Open();
            _ = new MasterLink(host, child).Find(CniErrorCode.PluginNotAvailable);
        }

        ipam?.Status();
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = new List<string>();
        problems.Try("ipam", () => InterfaceKeys.ReadIpamType(request.Config));
        problems.Try("dns", () => InterfaceKeys.ReadDns(request.Config));
        problems.AddUnknownOfDns(request.Config);
        problems.AddUnknown(request.Config, ["ipam", "dns", .. Keys], $"is not a key of {Name} and has no effect");
        problems.Try("config", () => FindFault(request));
        var type = InterfaceKeys.ReadIpamTypeLeniently(request.Config);
        var mtu = InterfaceKeys.Leniently(request.Config, _ => Read(request).Mtu, 0);
        return
        [
            .. problems,
            .. IpamDelegate.Validate(request, type, foreseen => PodAddresses.From(foreseen, type, mtu, ContainerInterface)),
        ];
    }

    private void FindFault(CniRequest request)
    {
        var child = Read(request);
        // Without a look at the master.
        InterfaceKeys.ReadMtu(request.Config, $"a {Kind} interface");
        if (child is { NeedsAddresses: true, MayBeChained: false } && InterfaceKeys.ReadIpamType(request.Config).Length == 0)
            FindIpam(request, child);
    }
}
