using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.HostDevice;

/// <summary>
/// The devices of the node as sysfs shows them: the interfaces of a device are those in the network namespace that /sys was mounted in, so
/// one in a pod is not among them. Source: sysfs(5); Documentation/ABI/testing/sysfs-bus-pci.
/// </summary>
/// <param name="root">The mount point, <c>/sys</c>.</param>
internal sealed class DeviceTree(string root)
{
    // The drivers that hand a device to a program (DPDK), without an interface of the kernel.
    private static readonly string[] userSpaceDrivers = ["vfio-pci", "uio_pci_generic", "igb_uio"];

    /// <summary>The directory of a PCI device.</summary>
    public string PciPath(string address) => $"{root}/bus/pci/devices/{address}";

    /// <summary>The directory of an auxiliary device: a function of a card that has several on one PCI address.</summary>
    public string AuxiliaryPath(string name) => $"{root}/bus/auxiliary/devices/{name}";

    /// <summary>A path below /sys as this tree has it.</summary>
    public string Under(string path) => root + path["/sys".Length..];

    /// <summary>True if there is such a device.</summary>
    public static bool Has(string path) => FileDescriptor.FindStatus(path) is not null;

    /// <summary>The driver of a device; null if it has none, or is absent.</summary>
    public static string? FindDriver(string path) => FindLink(path, "driver");

    /// <summary>True if the device's driver is one that hands it to a program.</summary>
    public static bool IsForUserSpace(string path) => FindDriver(path) is { } driver && userSpaceDrivers.Contains(driver);

    /// <summary>The last part of what a link in a directory says; null if either is absent.</summary>
    public static string? FindLink(string path, string name)
    {
        using var directory = FileDirectory.Find(path);
        return directory?.FindLinkTarget(name) is { } target ? target[(target.LastIndexOf('/') + 1)..] : null;
    }

    /// <summary>
    /// The interfaces of a device, by name: its own, or those of the virtio device on it. Empty if /sys shows none. In switchdev mode a
    /// physical function also has the representors of its virtual ones (Linux 5.8): they are not its interface.
    /// </summary>
    public static IReadOnlyList<string> ListInterfaces(string path)
    {
        if (NamesIn($"{path}/net") is { Count: > 0 } own)
            return own.Count == 1 ? own : [.. own.Where(name => !IsRepresentor($"{path}/net/{name}"))];
        foreach (var child in NamesIn(path))
        {
            if (IsVirtio(child) && NamesIn($"{path}/{child}/net") is { Count: > 0 } names)
                return names;
        }

        return [];
    }

    private static bool IsVirtio(string name) => name.StartsWith("virtio", StringComparison.Ordinal);

    /// <summary>
    /// True if an interface's device, by its name on its bus, is the one of a directory, or the virtio device on it: the kernel names that
    /// as the device of a virtio card's interface, and configs the PCI device below (drivers/virtio/virtio_pci_common.c).
    /// </summary>
    public static bool IsOn(string path, string device) =>
        path[(path.LastIndexOf('/') + 1)..] == device || (IsVirtio(device) && Has($"{path}/{device}"));

    // Of virtual and sub-functions, here or behind another controller: pf0vf3, pf0sf88, c1pf0vf3; that of a host's own function is pf0.
    private static bool IsRepresentor(string path)
    {
        try
        {
            using var file = FileDescriptor.FindKernelFile($"{path}/phys_port_name");
            var port = file is null ? "" : Encoding.ASCII.GetString(file.ReadToEnd(64)).Trim();
            return port.Contains("pf", StringComparison.Ordinal);
        }
        catch (ErrnoException)
        {
            // The driver does not name its ports.
            return false;
        }
    }

    /// <summary>What is in a directory, sorted; empty if it is absent.</summary>
    public static IReadOnlyList<string> NamesIn(string path)
    {
        using var directory = FileDirectory.Find(path);
        var names = directory?.ReadNames() ?? [];
        names.Sort(StringComparer.Ordinal);
        return names;
    }
}
