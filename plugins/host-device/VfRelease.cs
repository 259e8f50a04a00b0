using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>
/// Restores a virtual function by its record: the settings of the physical function's driver, and the interface. Each step is tried
/// whatever becomes of the others, and does only what is not as it was.
/// </summary>
/// <param name="record">The function as it was.</param>
/// <param name="owner">The attachment that has it.</param>
/// <param name="tree">The node's devices.</param>
/// <param name="node">The host's namespace.</param>
internal sealed class VfRelease(VfRecord record, Attachment owner, DeviceTree tree, HostNamespace node)
{
    /// <summary>Restores it, if the node still has it.</summary>
    /// <param name="pod">The container's namespace; null if it is gone.</param>
    /// <exception cref="CniException">A step failed; the others were done.</exception>
    public void Run(NetworkNamespace? pod)
    {
        // Made again since, by sriov_numvfs or a boot.
        if (record.Boot == VfState.EarlierBoot || VfPlace.Find(tree, record.DeviceId) is not { } place)
            return;
        var failures = new Failures();
        var hasInterface = record.HostName.Length > 0 && !place.IsForUserSpace;
        failures.Try(() => RestoreSettings(place, static setting => setting.Change.Mac is null));
        if (hasInterface)
        {
            failures.Try(() => ReleaseMac(place));
            failures.Try(() => RestoreInterface(place, pod));
        }

        failures.Try(() => RestoreSettings(place, static setting => setting.Change.Mac is not null));
        failures.ThrowIfAny();
    }

    private void RestoreSettings(VfPlace place, Func<VfSetting, bool> isWanted)
    {
        var physical = node.Client.Links.Get(place.PhysicalFunction);
        if (VfDriver.Find(node.Client, physical, place.Number) is not { } now)
            return;
        var failures = new Failures();
        foreach (var setting in VfSettings.PlanRestoration(record.Config, record.Before, now).Where(isWanted))
            failures.Try(() => Restore(physical, setting));
        failures.ThrowIfAny();
    }

    // A function whose address the host has set refuses any other. Drivers report an address that the function has chosen like one that the
    // host has set, so that the host's is set again only if the report is not as it was after the function has its own again.
    private void ReleaseMac(VfPlace place)
    {
        var physical = node.Client.Links.Get(place.PhysicalFunction);
        if (VfDriver.Find(node.Client, physical, place.Number) is not { } now || now.Mac == record.Before.Mac)
            return;
        Restore(physical, new VfSetting("", "mac", new VfChange(now.Number) { Mac = default(MacAddress) }, null));
    }

    // What the driver does not know it refuses each time: DEL must not fail for ever.
    private void Restore(Link physical, VfSetting setting)
    {
        try
        {
            node.Client.Links.Set(physical.Index, new LinkChange { VirtualFunctions = [setting.Change] });
        }
        catch (NetlinkException e) when (VfDriver.IsUnsupported(e.Errno))
        {
            StandardError.WriteLine($"sriov: {physical.Name} does not restore {setting.Keys} of {record.DeviceId}: {e.Message}");
        }
    }

    private void RestoreInterface(VfPlace place, NetworkNamespace? pod)
    {
        var kept = new DeviceRecord(owner, record.HostName)
        {
            // Its permanent address may be the one that the host has given it.
            Identity = new DeviceIdentity("", VfDriver.HasParents(node.Client) ? $"pci/{record.DeviceId}" : "", null, 0, null),
            HasMark = false,
            Mtu = record.Mtu,
            IsUp = record.IsUp,
        };
        var mac = record.EffectiveMac;
        new DeviceReturn("sriov", kept with { Identity = kept.Identity with { Mac = mac } }, node)
        {
            Attempts = VfMoves.Attempts,
            Finder = () => place.FindInterface() is { } name ? node.Client.Links.Find(name) : null,
        }.Run(pod, mayFollow: true);
    }
}

/// <summary>The driver of a physical function, as its link answers.</summary>
internal static class VfDriver
{
    /// <summary>A virtual function as the driver has it now; null if it has none of the number.</summary>
    public static VirtualFunction? Find(RouteClient host, Link physical, int number) =>
        host.Links.FindWithFunctions(physical.Index)?.VirtualFunctions.FirstOrDefault(each => each.Number == number);

    /// <summary>True for what a driver says of a setting that it does not have.</summary>
    public static bool IsUnsupported(Errno errno) => errno is Errno.EOPNOTSUPP or Errno.EPROTONOSUPPORT or Errno.EINVAL;

    /// <summary>True if the kernel says of a link which device is below it (Linux 5.14).</summary>
    public static bool HasParents(RouteClient host) => host.Links.List().Any(static link => link.ParentDevice.Length > 0);
}
