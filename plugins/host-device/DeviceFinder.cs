using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>Finds the device that a config chooses.</summary>
/// <param name="config">The config.</param>
/// <param name="tree">The node's devices.</param>
internal sealed class DeviceFinder(HostDeviceConfig config, DeviceTree tree)
{
    /// <summary>The directory of the chosen device; null where the config names an interface, not a device.</summary>
    public string? FindPath() =>
        config.Device.Length > 0 || config.Address is not null ? null
        : config.KernelPath.Length > 0 ? tree.Under(config.KernelPath)
        : config.DeviceId.Length > 0 ? FindById()
        : tree.PciPath(config.PciBusId);

    private string FindById() =>
        DeviceTree.Has(tree.PciPath(config.DeviceId)) ? tree.PciPath(config.DeviceId) : tree.AuxiliaryPath(config.DeviceId);

    /// <summary>True if a program drives the device itself: it has no interface that could be moved.</summary>
    public bool IsForUserSpace() =>
        (config.DeviceId.Length > 0 && DeviceTree.IsForUserSpace(tree.PciPath(config.DeviceId)))
        || (config.DeviceId.Length == 0 && config.PciBusId.Length > 0 && DeviceTree.IsForUserSpace(tree.PciPath(config.PciBusId)));

    /// <summary>The device's interface on the host; null if it is not there.</summary>
    /// <param name="host">A client of the host's namespace.</param>
    /// <param name="records">What containers got.</param>
    public Link? Find(RouteClient host, Func<IReadOnlyList<DeviceRecord>> records)
    {
        if (config.Device.Length > 0)
            return host.Links.Find(config.Device) ?? FindReturned(host, records);
        if (config.Address is { } address)
        {
            // A VLAN or macvlan above the device may have its address.
            var links = host.Links.List();
            return links.FirstOrDefault(link => link.Address == address && link is { Kind: "", PeerIndex: 0 })
                ?? links.FirstOrDefault(link => link.Address == address)
                ?? links.FirstOrDefault(link => link.PermanentAddress == address);
        }

        var path = FindPath()!;
        return DeviceTree.ListInterfaces(path) is [var name, ..] ? host.Links.Find(name) : null;
    }

    // Hardware whose container ended without DEL is back under the name that it had there, with its own name as alias.
    private Link? FindReturned(RouteClient host, Func<IReadOnlyList<DeviceRecord>> records)
    {
        var marked = host.Links.List().Where(link => link.Alias == config.Device).ToArray();
        return marked is [var only] && (only.Kind.Length == 0 || records().Any(record => record.IsMark(only))) ? only : null;
    }

    /// <summary>The name that a device found by its alias must get again; null where it has its own.</summary>
    public string? OwnNameOf(Link link) =>
        config.Device.Length > 0
        && link.Name != config.Device
        && !link.AlternativeNames.Contains(config.Device)
        && link.Alias == config.Device
            ? config.Device
            : null;

    /// <summary>The error where the device is not on the host: what is known about where it is.</summary>
    /// <param name="code">The code, unless another container has it.</param>
    /// <param name="records">What containers have.</param>
    public CniException Absent(CniErrorCode code, IReadOnlyList<DeviceRecord> records)
    {
        if (records.FirstOrDefault(IsChosen) is { } record)
        {
            return new CniException(
                CniErrorCode.DeviceTaken,
                $"failed to find host device: {config.Choice} is in container {record.Owner.ContainerId} as {record.Owner.IfName}",
                $"a device is in one container at a time: network {record.Owner.Network} gave it away as {record.Name}; the DEL of that "
                    + "container gives it back"
            );
        }

        return FindPath() is { } path ? AbsentAt(path, code) : Missing(code, "Link not found", "no interface of the node is meant by this");
    }

    private CniException AbsentAt(string path, CniErrorCode code)
    {
        if (!DeviceTree.Has(path))
        {
            return config.DeviceId.Length > 0
                ? Missing(
                    code,
                    $"runtime config DeviceID {config.DeviceId} not found or unsupported",
                    "the node has no PCI or auxiliary device of this address"
                )
                : Missing(code, $"no such device: {path}", "the node has no such device: see ls /sys/bus/pci/devices");
        }

        var name = path[(path.LastIndexOf('/') + 1)..];
        return DeviceTree.FindDriver(path) is { } driver
            ? Missing(
                code,
                $"no net directory under pci device {name}",
                $"the driver {driver} has no interface of it in the host's namespace: another container may have it"
            )
            : Missing(code, $"no net directory under pci device {name}", "the device has no driver: bind it to one");
    }

    private CniException Missing(CniErrorCode code, string what, string details) =>
        new(code, $"failed to find host device: {what}", $"{config.Choice}: {details}");

    /// <summary>True if the config chooses the device of a record.</summary>
    public bool IsChosen(DeviceRecord record)
    {
        if (config.Device.Length > 0)
            return record.Name == config.Device;
        if (config.Address is { } address)
            return record.Identity.Mac == address || record.Identity.Permanent == address;
        return record.Identity.Parent.Length > 0
            && DeviceTree.IsOn(FindPath()!, record.Identity.Parent[(record.Identity.Parent.IndexOf('/') + 1)..]);
    }

    /// <summary>
    /// True if the config chooses another device than a container has. False if that is unknown: a virtual link has no device below, and a
    /// config may have an alternative name, which the record has not.
    /// </summary>
    /// <param name="record">The record of the container's device.</param>
    /// <param name="link">The device as the container has it.</param>
    public bool IsAnother(DeviceRecord record, Link link) =>
        config.Device.Length > 0
            ? record.Name != config.Device && link.Name != config.Device && !link.AlternativeNames.Contains(config.Device)
            : (config.Address is not null || record.Identity.Parent.Length > 0) && !IsChosen(record);
}
