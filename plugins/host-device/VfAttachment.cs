using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>Configures a virtual function and moves it into the pod. What it was like is on record before the first change.</summary>
/// <param name="request">The call.</param>
/// <param name="config">What is wanted.</param>
/// <param name="state">The state's files; the function is locked.</param>
/// <param name="node">The host's namespace.</param>
/// <param name="pod">The pod's namespace.</param>
internal sealed class VfAttachment(CniRequest request, SriovConfig config, VfState state, HostNamespace node, NetworkNamespace pod)
{
    private const string Prefix = "SRIOV-CNI failed to configure VF ";

    private readonly RouteClient host = node.Client;

    /// <summary>Takes the function.</summary>
    /// <exception cref="CniException">Code 101 or 104: this pod has the interface, another pod the function. Code 2: the driver does not
    /// have a setting. Code 7 or 5: the node has no such function, or the driver refuses.</exception>
    public VfDevice Take(DeviceTree tree, Rollback rollback)
    {
        using var inside = pod.OpenClient();
        if (inside.Links.Find(request.IfName) is not null)
            throw AlreadyExists(null);
        var place = VfPlace.Get(tree, config.DeviceId, CniErrorCode.InvalidNetworkConfig);
        Reclaim(tree);
        var physical = host.Links.Get(place.PhysicalFunction);
        var before =
            VfDriver.Find(host, physical, place.Number)
            ?? throw new CniException(
                CniErrorCode.UnsupportedField,
                $"failed to find vf {place.Number}",
                $"the driver of {physical.Name} does not report virtual function {place.Number} ({place.Address})"
            );
        var link = FindLink(place);
        var record = RecordOf(physical, before, link);
        rollback.OnFailure(
            $"restore {place.Address}",
            () => new VfOwnership(state, record, request.NetNs).Release(request.Attachment, tree, node, pod)
        );
        // The record first: it says whose an allocation is.
        state.Write(request.Attachment, config.DeviceId, record.ToBytes(request.Config.Value));
        state.Allocate(config.DeviceId, request.NetNs);
        foreach (var setting in VfSettings.Plan(config, before))
            Apply(physical, setting);
        return link is null
            ? new VfDevice(null, config.Mac ?? (before.Mac is { IsZero: false } mac ? mac : null), physical.Mtu)
            : Move(inside, link) with
            {
                ExpectsCarrier = (config.LinkState ?? before.LinkState ?? VfLinkState.Auto) switch
                {
                    VfLinkState.Enable => true,
                    VfLinkState.Disable => false,
                    _ => (physical.Flags & LinkFlags.LowerUp) != 0,
                },
            };
    }

    // What is on record of a function that no living pod has is of a pod that ended without DEL, or of a killed ADD.
    private void Reclaim(DeviceTree tree)
    {
        var allocated = state.FindAllocation(config.DeviceId);
        var others = VfState.List().Where(each => each.Record.DeviceId == config.DeviceId).ToArray();
        var own = VfRecord.NameOf(request.ContainerId, request.IfName);
        var isOthers = allocated != request.NetNs || others.Any(each => each.Name != own && each.Record.NetNs == allocated);
        // An allocation does not say of which boot it is; a path of a process's namespace may be another process's by now.
        var isOfEarlierBoot = others.Length > 0 && others.All(static each => each.Record.Boot == VfState.EarlierBoot);
        if (allocated is not null && isOthers && !isOfEarlierBoot && VfOwnership.IsAlive(allocated))
            throw Taken(allocated, others.Select(static each => each.Name));
        foreach (var (name, record) in others)
        {
            var owner = new Attachment(record.Network, "", request.IfName);
            if (record.NetNs.Length == 0 || record.NetNs == allocated)
                new VfRelease(record, owner, tree, node).Run(allocated == request.NetNs ? pod : null);
            state.Remove(name);
        }

        state.Free(config.DeviceId);
    }

    private Link? FindLink(VfPlace place)
    {
        if (place.IsForUserSpace)
            return null;
        if (place.FindInterface() is { } name && host.Links.Find(name) is { } link)
            return link;
        throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            $"SRIOV-CNI failed to load netconf: LoadConf(): the VF {place.Address} does not have a interface name or a dpdk driver",
            DeviceTree.FindDriver(place.Path) is { } driver
                ? $"its driver {driver} has no interface of it in the host's namespace: another container may have it"
                : "it has no driver: bind it to one"
        );
    }

    private VfRecord RecordOf(Link physical, VirtualFunction before, Link? link) =>
        new()
        {
            Network = request.NetworkName,
            DeviceId = config.DeviceId,
            Config = config,
            Before = before,
            HostName = link?.Name ?? "",
            EffectiveMac = link?.Address,
            Mtu = link?.Mtu ?? 0,
            Master = physical.Name,
            IsUp = link?.IsUp ?? false,
            NetNs = request.NetNs,
            NetNsInode = pod.File.Status().Inode,
            Boot = DeviceRecords.Boot,
        };

    private void Apply(Link physical, VfSetting setting)
    {
        try
        {
            host.Links.Set(physical.Index, new LinkChange { VirtualFunctions = [setting.Change] });
        }
        catch (NetlinkException e)
        {
            var isUnsupported = VfDriver.IsUnsupported(e.Errno);
            throw new CniException(
                isUnsupported ? CniErrorCode.UnsupportedField : CniErrorCode.IOFailure,
                $"{Prefix}\"failed to set {setting.What}: {ErrnoException.Sentence(e.Errno)}\"",
                isUnsupported
                    ? $"the driver of {physical.Name} refuses this value, or does not have the setting: change or remove {setting.Keys} in "
                        + "the network config. What was set before is as it was"
                    : e.KernelMessage ?? $"the driver of {physical.Name} failed: dmesg may say why",
                e
            );
        }

        if (setting.Change.Mac is { } mac)
            WaitForMac(physical, setting.Change.Number, mac);
    }

    private void WaitForMac(Link physical, int number, MacAddress mac)
    {
        for (var attempt = 0; attempt < VfMoves.Attempts; attempt++)
        {
            if (VfDriver.Find(host, physical, number)?.Mac == mac)
                return;
            OwnProcess.Pause(VfMoves.RetryMilliseconds);
        }

        throw new CniException(
            CniErrorCode.IOFailure,
            $"{Prefix}\"failed to set vf {number} administrative MAC address to {mac}\"",
            $"the driver of {physical.Name} accepted the address and reports another"
        );
    }

    private VfDevice Move(RouteClient inside, Link link)
    {
        try
        {
            // udev's further names would be in the way of this one, and of the host's name on return.
            foreach (var name in link.AlternativeNames.Where(name => name == link.Name || name == request.IfName))
                host.Links.DeleteAlternativeName(link.Index, name);
            host.Links.Set(link.Index, new LinkChange { NetNs = pod.File, Name = request.IfName });
        }
        catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
        {
            throw AlreadyExists(e);
        }

        var moved = inside.Links.Get(request.IfName);
        if (config.Mac is { } mac && moved.Address != mac)
            SetAddress(inside, moved, mac);
        return new VfDevice(moved with { Address = config.Mac ?? moved.Address }, config.Mac ?? moved.Address, moved.Mtu);
    }

    private static void SetAddress(RouteClient inside, Link link, MacAddress mac)
    {
        for (var attempt = 1; attempt < VfMoves.Attempts; attempt++)
        {
            if (inside.Links.TrySetAddress(link.Index, mac))
                return;
            if (attempt == 1)
                inside.Links.Reset(link.Index);
            if (inside.Links.Get(link.Index).Address == mac)
                return;
            OwnProcess.Pause(VfMoves.RetryMilliseconds);
        }

        try
        {
            inside.Links.Set(link.Index, new LinkChange { Address = mac });
        }
        catch (NetlinkException e)
        {
            throw new CniException(
                CniErrorCode.IOFailure,
                $"failed to set netlink MAC address to {mac}: {ErrnoException.Sentence(e.Errno)}",
                "the function's driver refuses the address that its physical function's has accepted",
                e
            );
        }
    }

    private CniException Taken(string allocated, IEnumerable<string> names) =>
        new(
            CniErrorCode.DeviceTaken,
            $"pci address {config.DeviceId} is already allocated",
            $"the pod with the network namespace {allocated} has it ({string.Join(", ", names)}): a device plugin gives a function to one "
                + "pod at a time"
        );

    private CniException AlreadyExists(NetlinkException? cause) =>
        new(
            CniErrorCode.AlreadyAdded,
            $"failed to set up pod interface \"{request.IfName}\" from the device \"{config.DeviceId}\": file exists",
            $"the network namespace has an interface {request.IfName} already: where an earlier ADD made it, DEL removes it",
            cause
        );
}

/// <summary>A function that a pod got.</summary>
/// <param name="Link">Its interface in the pod; null if a program drives it.</param>
/// <param name="Mac">The hardware address that it has, or will have.</param>
/// <param name="Mtu">In bytes.</param>
internal sealed record VfDevice(Link? Link, MacAddress? Mac, int Mtu)
{
    /// <summary>Its interface gets a carrier once it is up, because its physical function has one, or as the link state says.</summary>
    public bool ExpectsCarrier { get; init; }
}
