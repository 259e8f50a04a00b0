using Plugboard.Addresses;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>Gives the pod a device of the node, and the node its device back, as it was.</summary>
internal sealed class HostDevicePlugin : CniPlugin
{
    private const int ContainerInterface = 0;

    private static readonly DeviceTree tree = new("/sys");

    /// <inheritdoc/>
    public override string Name => "host-device";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var config = HostDeviceConfig.Parse(request.Config);
        DeviceRecords.RequireStorable(request);
        var (ipam, ipamType) = FindIpam(request);
        var dns = InterfaceKeys.ReadDns(request.Config);
        if (ipam is null)
            CniResultWriter.RequireLayer2(request.CniVersion);
        if (IpamDelegate.Foresee(ipam, request) is { } foreseen)
            PodAddresses.From(foreseen, ipamType, 0, ContainerInterface);
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var node = new HostNamespace();
        using var rollback = new Rollback(Report);
        var link = new DeviceFinder(config, tree).IsForUserSpace() ? null : Take(request, config, node, pod, rollback);

        var lease = ipam is null ? null : IpamDelegate.Lease(ipam, static () => false, rollback);
        var addresses = lease is null ? PodAddresses.None : PodAddresses.From(lease, ipamType, link?.Mtu ?? 0, ContainerInterface);
        if (link is not null && lease is not null)
            Connect(pod, link, addresses, ipamType);

        rollback.Cancel();
        return new CniResult
        {
            Interfaces = [new CniInterface(request.IfName) { Mac = link?.Address?.ToString() ?? "", Sandbox = request.NetNs }],
            IPs = addresses.IPs,
            Routes = addresses.Routes,
            Dns = dns ?? lease?.Dns ?? CniDns.None,
        };
    }

    private Link Take(CniRequest request, HostDeviceConfig config, HostNamespace node, NetworkNamespace pod, Rollback rollback)
    {
        using var records = DeviceRecords.Ensure();
        return new DeviceTake(Name, request, records, node).Run(new DeviceFinder(config, tree), pod, rollback);
    }

    private void Connect(NetworkNamespace pod, Link link, PodAddresses addresses, string ipamType)
    {
        using var entered = pod.Enter();
        using var inside = RouteClient.Open();
        var setup = new AddressSetup(Name, inside, link, addresses) { IpamType = ipamType, Dad = DuplicateDetection.AsSet };
        setup.AddAddresses();
        setup.AddRoutesOnceUsable();
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
        IpamDelegate.Del(failures, request, InterfaceKeys.ReadIpamTypeLeniently(request.Config), () => GiveBack(request));
        failures.ThrowIfAny();
    }

    private void GiveBack(CniRequest request)
    {
        using var records = DeviceRecords.Find();
        using var pod = PodNamespace.Find(request.NetNs, Name);
        if (records is not null && (records.Find(request.Attachment) ?? FindOfFormerName(request, records)) is { } record)
        {
            GiveBack(records, record, pod, waitsForName: true);
            return;
        }

        // Of an earlier boot, which gave the device back.
        records?.Remove(request.Attachment);
        if (pod is not null && FindUnrecorded(request, pod, records) is { } unrecorded)
        {
            using var node = new HostNamespace();
            new DeviceReturn(Name, unrecorded, node) { WaitsForName = true }.Run(pod, mayFollow: false);
            return;
        }

        FormerPlugin.DelOrDeleteMarked(request, pod);
    }

    // The network has another name since the ADD: a container has one interface of a name, and the config still means its device.
    private static DeviceRecord? FindOfFormerName(CniRequest request, DeviceRecords records) =>
        records.FindOfAnyNetwork(request.Attachment) is { } record
        && InterfaceKeys.Leniently(request.Config, HostDeviceConfig.Parse, null) is { } config
        && new DeviceFinder(config, tree).IsChosen(record)
            ? record
            : null;

    // The record goes also where only the name was refused on the host: all else is done then, and the alias says the name.
    private void GiveBack(DeviceRecords records, DeviceRecord record, NetworkNamespace? pod, bool waitsForName)
    {
        using var node = new HostNamespace();
        var isTheContainers = pod is not null && (record.NetNsInode == 0 || pod.File.Status().Inode == record.NetNsInode);
        var way = new DeviceReturn(Name, record, node) { WaitsForName = waitsForName };
        try
        {
            if (isTheContainers)
                way.Run(pod, mayFollow: false);
            else
                way.Run(null, record.Identity.IsCertain && !IsElsewhere(records, record));
        }
        catch (CniException) when (!way.HasStayed)
        {
            records.Remove(record.Owner);
            throw;
        }

        records.Remove(record.Owner);
    }

    private static bool IsElsewhere(DeviceRecords records, DeviceRecord record) =>
        records
            .List()
            .Any(other => other.Owner != record.Owner && other.Name == record.Name && other.Identity.Parent == record.Identity.Parent);

    // What the reference gave: the alias is all that is kept.
    private static DeviceRecord? FindUnrecorded(CniRequest request, NetworkNamespace pod, DeviceRecords? records)
    {
        using var inside = pod.OpenClient();
        var device = HostDeviceConfig.FindDevice(request.Config);
        var link = inside.Links.Find(request.IfName);
        if (link is null && device.Length > 0)
            link = inside.Links.List().FirstOrDefault(each => each.Alias == device);
        if (link is null || link.Alias.Length == 0 || (device.Length > 0 && link.Alias != device))
            return null;
        // Another plugin's, or of another network.
        if (VethNames.Parse(link.Alias) is not null || InterfaceName.FindFault(link.Alias) is not null)
            return null;
        if (records?.ListOf(link).Any(record => record.IsMark(link)) == true)
            return null;
        return DeviceRecord.Of(link, request.Attachment, []) with { Name = link.Alias, Alias = "", IsUp = false };
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var config = HostDeviceConfig.Parse(request.Config);
        FindIpam(request).Ipam?.Check();
        var result = request.GetPrevResult();
        if (new DeviceFinder(config, tree).IsForUserSpace())
            return;
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var entered = pod.Enter();
        using var inside = RouteClient.Open();
        var link = new InterfaceCheck(request, result) { Kind = null }.Container(inside);
        using var records = DeviceRecords.Find();
        if (records?.Find(request.Attachment) is { } record)
            CheckDevice(config, record, link);
    }

    private static void CheckDevice(HostDeviceConfig config, DeviceRecord record, Link link)
    {
        if (!record.Identity.IsInContainer(link))
        {
            throw new CniException(
                CniErrorCode.NotAsAdded,
                $"Interface {link.Name} is not the device {record.Name}",
                "another interface of the container has the name by now"
            );
        }

        if (new DeviceFinder(config, tree).IsAnother(record, link))
        {
            throw new CniException(
                CniErrorCode.NotAsAdded,
                $"Interface {link.Name} is the device {record.Name}, not {config.Choice}",
                "the network config chooses another device than the one that ADD gave the container"
            );
        }
    }

    /// <summary>Gives back what no valid attachment has.</summary>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid)
    {
        if (valid is null)
            return;
        var failures = new Failures();
        failures.Try(() => Collect(request.NetworkName, valid));
        if (InterfaceKeys.ReadIpamTypeLeniently(request.Config) is { Length: > 0 } ipam)
            failures.Try(() => IpamDelegate.Find(request, ipam).Gc());
        failures.ThrowIfAny();
    }

    private void Collect(string network, IReadOnlySet<Attachment> valid)
    {
        using var records = DeviceRecords.Find();
        if (records is null)
            return;
        var failures = new Failures();
        foreach (var record in records.List())
        {
            if (record.Owner.Network != network || valid.Contains(record.Owner))
                continue;
            failures.Try(() =>
            {
                using var pod = PodNamespace.Find(record.NetNs, Name);
                GiveBack(records, record, pod, waitsForName: false);
            });
        }

        failures.ThrowIfAny();
    }

    /// <inheritdoc/>
    public override void Status(CniRequest request)
    {
        if (!HostDeviceConfig.IsDeviceGivenPerPod(request))
            RequireDevice(HostDeviceConfig.Parse(request.Config));
        DeviceRecords.RequireWritable();
        var (ipam, ipamType) = FindIpam(request);
        if (IpamDelegate.ForeseeFirst(ipam, request) is { } foreseen)
            PodAddresses.From(foreseen, ipamType, 0, ContainerInterface);
        ipam?.Status();
    }

    private void RequireDevice(HostDeviceConfig config)
    {
        var finder = new DeviceFinder(config, tree);
        if (finder.FindPath() is { } path ? !DeviceTree.Has(path) : !IsOnNode(finder))
            throw finder.Absent(CniErrorCode.PluginNotAvailable, []);
    }

    // In a container it is on the node too: that an ADD must wait for its DEL is no fault of the node.
    private static bool IsOnNode(DeviceFinder finder)
    {
        using var host = RouteClient.Open();
        using var records = DeviceRecords.Find();
        var known = records?.List() ?? [];
        return finder.Find(host, () => known) is not null
            || finder.Absent(CniErrorCode.PluginNotAvailable, known).Code == CniErrorCode.DeviceTaken;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request) => HostDeviceConfig.Validate(request);
}
