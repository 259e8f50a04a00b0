using Plugboard.Addresses;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Linux.Sockets;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>Gives the pod a virtual function of a network card (SR-IOV), configured, and the node its function back, as it was.</summary>
internal sealed class SriovPlugin : CniPlugin
{
    private const int ContainerInterface = 0;

    // igbvf looks for it every two seconds at most.
    private static readonly TimeSpan expectedCarrierTimeout = TimeSpan.FromSeconds(3);

    // As long as the reference waits.
    private static readonly TimeSpan carrierTimeout = TimeSpan.FromMilliseconds(200);

    private static readonly DeviceTree tree = new("/sys");

    /// <inheritdoc/>
    public override string Name => "sriov";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var config = SriovConfig.Parse(request);
        VfState.RequireStorable(request);
        var (ipam, ipamType) = FindIpam(request);
        var dns = InterfaceKeys.ReadDns(request.Config);
        if (ipam is null)
            CniResultWriter.RequireLayer2(request.CniVersion);
        if (IpamDelegate.Foresee(ipam, request) is { } foreseen)
            PodAddresses.From(foreseen, ipamType, 0, ContainerInterface);
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var node = new HostNamespace();
        using var state = VfState.Lock(config.DeviceId);
        using var rollback = new Rollback(Report);
        var attachment = new VfAttachment(request, config, state, node, pod);
        var device = attachment.Take(tree, rollback);

        var lease = ipam is null ? null : IpamDelegate.Lease(ipam, static () => false, rollback);
        var addresses = lease is null ? PodAddresses.None : PodAddresses.From(lease, ipamType, device.Mtu, ContainerInterface);
        if (device.Link is { } link)
            Connect(pod, link, addresses, ipamType, device.ExpectsCarrier ? expectedCarrierTimeout : carrierTimeout);

        rollback.Cancel();
        return new CniResult
        {
            Interfaces =
            [
                new CniInterface(request.IfName)
                {
                    Mac = device.Mac?.ToString() ?? "",
                    Mtu = device.Mtu,
                    Sandbox = request.NetNs,
                },
            ],
            IPs = addresses.IPs,
            Routes = addresses.Routes,
            Dns = dns ?? lease?.Dns ?? CniDns.None,
        };
    }

    // Up last: the kernel announces what addresses there are by then.
    private void Connect(NetworkNamespace pod, Link link, PodAddresses addresses, string ipamType, TimeSpan forCarrier)
    {
        using var entered = pod.Enter();
        using var inside = RouteClient.Open();
        var setup = new AddressSetup(Name, inside, link, addresses) { IpamType = ipamType, Dad = DuplicateDetection.AsSet };
        if (addresses.IPs.Any(static ip => ip.Address.Is6))
            InterfaceSettings.Prefer(Name, $"net/ipv6/conf/{link.Name}/optimistic_dad", "1");
        setup.AddAddresses();
        inside.Links.Set(link.Index, new LinkChange { Up = true, ArpNotify = addresses.IPs.Count > 0 ? true : null });
        Announce(inside, link, addresses, forCarrier);
        setup.AddRoutesOnceUsable();
    }

    // A card has its carrier a moment after it is up, so what the kernel sends then is lost: neighbours may still know an earlier pod.
    private void Announce(RouteClient inside, Link link, PodAddresses addresses, TimeSpan forCarrier)
    {
        if (addresses.IPs.Count == 0 || link.Address is not { } mac)
            return;
        try
        {
            using (var monitor = RouteMonitor.Open(RouteMonitorGroups.Link))
                monitor.WaitForLink(inside, link.Index, static found => found.OperState == OperState.Up, forCarrier);
            using var socket = FrameSocket.Open();
            foreach (var ip in addresses.IPs)
                socket.Send(link.Index, AnnouncementFrame.Of(ip.Address.Address, mac, vlan: 0));
        }
        catch (ErrnoException e)
        {
            Report($"announce the addresses of {link.Name}", e);
        }
    }

    private void Report(string what, Exception e) => StandardError.WriteLine($"{Name}: cannot {what}: {e.Message}");

    private static (PluginDelegate? Ipam, string Type) FindIpam(CniRequest request)
    {
        var type = InterfaceKeys.ReadIpamType(request.Config);
        return (type.Length > 0 ? IpamDelegate.Find(request, type) : null, type);
    }

    /// <inheritdoc/>
    public override void Del(CniRequest request)
    {
        var failures = new Failures();
        IpamDelegate.Del(failures, request, InterfaceKeys.ReadIpamTypeLeniently(request.Config), () => Release(request));
        failures.ThrowIfAny();
    }

    private void Release(CniRequest request)
    {
        var record = VfState.Find(request.ContainerId, request.IfName);
        if (record is null)
            ReleaseFormer(request);
        if ((record?.DeviceId ?? SriovConfig.FindDevice(request.Config)) is not { Length: > 0 } device)
            return;
        using var pod = PodNamespace.Find(request.NetNs, Name);
        using var node = new HostNamespace();
        using var state = VfState.Lock(device);
        // Read again: a call that held the lock may have been about it.
        if (VfState.Find(request.ContainerId, request.IfName) is { } kept && kept.DeviceId == device)
            new VfOwnership(state, kept, request.NetNs).Release(request.Attachment, tree, node, pod);
        else if (record is null && request.NetNs.Length > 0 && state.FindAllocation(device) == request.NetNs)
            state.Free(device);
    }

    private void ReleaseFormer(CniRequest request)
    {
        using var pod = PodNamespace.Find(request.NetNs, Name);
        FormerPlugin.DelOrDeleteMarked(request, pod);
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var config = SriovConfig.Parse(request);
        FindIpam(request).Ipam?.Check();
        var result = request.GetPrevResult();
        var place = VfPlace.Get(tree, config.DeviceId, CniErrorCode.NotAsAdded);
        using (var host = RouteClient.Open())
        {
            var function = VfDriver.Find(host, host.Links.Get(place.PhysicalFunction), place.Number);
            if (function is not null && VfSettings.FindDifference(config, function) is { } setting)
            {
                throw new CniException(
                    CniErrorCode.NotAsAdded,
                    $"{place.PhysicalFunction} does not have {setting.What}",
                    $"{setting.Keys} of {config.DeviceId}, or the network config, was changed after ADD"
                );
            }
        }

        if (place.IsForUserSpace)
            return;
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var entered = pod.Enter();
        using var inside = RouteClient.Open();
        var link = new InterfaceCheck(request, result) { Kind = "" }.Container(inside);
        if (link.ParentDevice.Length > 0 && link.ParentDevice != $"pci/{config.DeviceId}")
        {
            throw new CniException(
                CniErrorCode.NotAsAdded,
                $"Interface {link.Name} is not the virtual function {config.DeviceId}",
                $"it is one of {link.ParentDevice}"
            );
        }
    }

    /// <summary>Restores the functions that no valid attachment has.</summary>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid)
    {
        if (valid is null)
            return;
        var failures = new Failures();
        var names = valid.Select(static each => VfRecord.NameOf(each.ContainerId, each.IfName)).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, record) in VfState.List())
        {
            if (record.Network == request.NetworkName && record.DeviceId.Length > 0 && !names.Contains(name))
                failures.Try(() => Collect(name, record));
        }

        if (InterfaceKeys.ReadIpamTypeLeniently(request.Config) is { Length: > 0 } ipam)
            failures.Try(() => IpamDelegate.Find(request, ipam).Gc());
        failures.ThrowIfAny();
    }

    private void Collect(string name, VfRecord record)
    {
        using var node = new HostNamespace();
        using var state = VfState.Lock(record.DeviceId);
        var netNs = record.NetNs.Length > 0 ? record.NetNs : state.FindAllocation(record.DeviceId) ?? "";
        using var pod = PodNamespace.Find(netNs, Name);
        // An id has no dash in front of the interface's name but its own; what divides them does not matter for the release.
        var dash = name.LastIndexOf('-');
        var owner = new Attachment(record.Network, name[..Math.Max(dash, 0)], name[(dash + 1)..]);
        new VfOwnership(state, record, netNs) { Name = name }.Release(owner, tree, node, pod);
    }

    /// <inheritdoc/>
    public override void Status(CniRequest request)
    {
        SriovConfig.Read(request.Config);
        // Multus says at ADD which function it is.
        if (SriovConfig.FindDevice(request.Config) is { Length: > 0 } device)
            VfPlace.Get(tree, device, CniErrorCode.PluginNotAvailable);
        else if (!VfPlace.HasAny(tree))
        {
            throw new CniException(
                CniErrorCode.PluginNotAvailable,
                "the node has no virtual functions",
                "make them: the number goes into sriov_numvfs of the network card, below /sys/bus/pci/devices"
            );
        }

        VfState.RequireWritable();
        var (ipam, ipamType) = FindIpam(request);
        if (IpamDelegate.ForeseeFirst(ipam, request) is { } foreseen)
            PodAddresses.From(foreseen, ipamType, 0, ContainerInterface);
        ipam?.Status();
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request) => SriovConfig.Validate(request);
}
