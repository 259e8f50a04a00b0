using System.Globalization;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>Where a virtual function is on the node, as sysfs shows it.</summary>
/// <param name="Address">Its PCI address.</param>
/// <param name="Path">Its directory.</param>
/// <param name="PhysicalFunction">The interface of its physical function.</param>
/// <param name="Number">Its number there, from 0.</param>
internal sealed record VfPlace(string Address, string Path, string PhysicalFunction, int Number)
{
    /// <summary>True if its driver hands it to a program (DPDK).</summary>
    public bool IsForUserSpace => DeviceTree.IsForUserSpace(Path);

    /// <summary>Its interface in the host's namespace; null if it has none there.</summary>
    public string? FindInterface() => DeviceTree.ListInterfaces(Path) is [var name, ..] ? name : null;

    /// <summary>Finds it; null if the node has no such virtual function.</summary>
    public static VfPlace? Find(DeviceTree tree, string address)
    {
        var path = tree.PciPath(address);
        var physical = $"{path}/physfn";
        if (DeviceTree.ListInterfaces(physical) is not [var name, ..])
            return null;
        for (var number = 0; DeviceTree.FindLink(physical, "virtfn" + number.ToString(CultureInfo.InvariantCulture)) is { } link; number++)
        {
            if (link == address)
                return new VfPlace(address, path, name, number);
        }

        return null;
    }

    /// <summary>Finds it.</summary>
    /// <param name="tree">The node's devices.</param>
    /// <param name="address">Its PCI address.</param>
    /// <param name="code">The code of the error.</param>
    /// <exception cref="CniException">The node has no such virtual function.</exception>
    public static VfPlace Get(DeviceTree tree, string address, CniErrorCode code)
    {
        if (Find(tree, address) is { } found)
            return found;
        var path = tree.PciPath(address);
        throw new CniException(
            code,
            $"SRIOV-CNI failed to load netconf: LoadConf(): failed to get VF information: \"lstat {path}/physfn/net: "
                + "no such file or directory\"",
            !DeviceTree.Has(path) ? $"the node has no PCI device {address}: its virtual functions may not be made yet (sriov_numvfs)"
                : DeviceTree.FindLink(path, "physfn") is null ? $"the PCI device {address} is not a virtual function"
                : $"the physical function of {address} has no interface in the host's namespace"
        );
    }

    /// <summary>True if the node has a physical function whose virtual functions are made.</summary>
    public static bool HasAny(DeviceTree tree) =>
        DeviceTree.NamesIn(tree.PciPath("")).Any(name => DeviceTree.FindLink(tree.PciPath(name), "virtfn0") is not null);
}
