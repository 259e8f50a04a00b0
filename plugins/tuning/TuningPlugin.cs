using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tuning;

/// <summary>Changes kernel settings of the pod's namespace, and attributes of the interface that a plugin before it made.</summary>
internal sealed class TuningPlugin : CniPlugin
{
    /// <inheritdoc/>
    public override string Name => "tuning";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var config = TuningConfig.Parse(request);
        SysctlAllowlist.Require(config.Sysctls);
        var result = RequirePrevious(request);
        if (config.ChangesLink)
            new LinkBackup(request).RequireStorable();
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var rollback = new Rollback(static (what, e) => StandardError.WriteLine($"tuning: cannot {what}: {e.Message}"));
        Change(request, config, pod, rollback);
        rollback.Cancel();
        return config.Mac is null
            ? result
            : result with
            {
                Interfaces = [.. result.Interfaces.Select(each => Renewed(each, request, config))],
            };
    }

    private static CniResult RequirePrevious(CniRequest request) =>
        request.FindPrevResult()
        ?? throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            "Required prevResult missing",
            "tuning changes what a plugin before it made: put it after another plugin in the conflist"
        );

    private static CniInterface Renewed(CniInterface each, CniRequest request, TuningConfig config) =>
        each.Name == request.IfName && each.Sandbox.Length > 0 ? each with { Mac = config.Mac!.Value.ToString() } : each;

    // The thread is back in its own namespace before the ADD counts as done: the way back may fail too.
    private static void Change(CniRequest request, TuningConfig config, NetworkNamespace pod, Rollback rollback)
    {
        using var entered = pod.Enter();
        foreach (var setting in config.Sysctls)
            Set(setting, pod, rollback);
        if (config.ChangesLink)
            ChangeLink(request, config, pod, rollback);
    }

    private static void Within(NetworkNamespace pod, Action work)
    {
        using var entered = pod.Enter();
        work();
    }

    private static void Set(WantedSysctl setting, NetworkNamespace pod, Rollback rollback)
    {
        var had = Sysctl.FindReadable(setting.Name);
        if (had is not null && setting.Equals(had))
            return;
        if (Sysctl.TrySet(setting.Name, setting.Value) is { } refusal)
            throw new CniException(
                CniErrorCode.IOFailure,
                $"sysctl {setting.Key}: {refusal.Message}",
                refusal.Errno == Errno.ENOENT
                    ? "the namespace has no such setting: the key is misspelt (IFNAME stands for the interface), or the kernel "
                        + "lacks the feature"
                    : refusal.Advice,
                refusal
            );
        if (had is not null)
            rollback.OnFailure($"set {setting.Name} back to {had}", () => Within(pod, () => Sysctl.Write(setting.Name, had)));
    }

    // Each attribute by itself: the kernel then says which of them it refuses.
    private static void ChangeLink(CniRequest request, TuningConfig config, NetworkNamespace pod, Rollback rollback)
    {
        using var inside = RouteClient.Open();
        var link =
            inside.Links.Find(request.IfName)
            ?? throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"the container has no interface {request.IfName}",
                "tuning changes the interface of CNI_IFNAME, which a plugin before it makes"
            );
        var backup = new LinkBackup(request);
        if (backup.Keep(link, config))
            rollback.OnFailure("remove the backup", backup.Remove);
        var before = Restoration(link, config);
        rollback.OnFailure($"restore {link.Name}", () => Within(pod, () => Restore(request.IfName, before)));
        Set(inside, link, "mac", config.Mac?.ToString(), new LinkChange { Address = config.Mac });
        Set(inside, link, "promisc", config.Promiscuous ? "true" : null, new LinkChange { Promiscuous = true });
        Set(inside, link, "mtu", config.Mtu == 0 ? null : config.Mtu.ToString(), new LinkChange { Mtu = config.Mtu });
        Set(inside, link, "allmulti", config.AllMulticast?.ToString(), new LinkChange { AllMulticast = config.AllMulticast });
        Set(inside, link, "txQLen", config.TxQueueLength?.ToString(), new LinkChange { TxQueueLength = config.TxQueueLength });
    }

    private static LinkChange Restoration(Link link, TuningConfig config) =>
        new()
        {
            Address = config.Mac is null ? null : link.Address,
            Promiscuous = config.Promiscuous ? link.IsPromiscuous : null,
            Mtu = config.Mtu == 0 ? null : link.Mtu,
            AllMulticast = config.AllMulticast is null ? null : (link.Flags & LinkFlags.AllMulticast) != 0,
            TxQueueLength = config.TxQueueLength is null ? null : link.TxQueueLength,
        };

    private static void Set(RouteClient inside, Link link, string key, string? value, LinkChange change)
    {
        if (value is null)
            return;
        try
        {
            inside.Links.Set(link.Index, change);
        }
        catch (NetlinkException e)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"cannot set {key} {value} of {link.Name}: {ErrnoException.Sentence(e.Errno)}",
                e.KernelMessage
                    ?? $"a {(link.Kind.Length > 0 ? link.Kind : "hardware")} interface refuses it: correct {key} in the network config",
                e
            );
        }
    }

    // An attribute that the interface refuses must not keep the others from coming back.
    private static void Restore(string ifName, LinkChange kept)
    {
        using var inside = RouteClient.Open();
        if (inside.Links.Find(ifName) is not { } link)
            return;
        foreach (
            var change in (LinkChange[])
                [
                    new() { Mtu = kept.Mtu },
                    new() { Address = kept.Address },
                    new() { Promiscuous = kept.Promiscuous },
                    new() { AllMulticast = kept.AllMulticast },
                    new() { TxQueueLength = kept.TxQueueLength },
                ]
        )
        {
            try
            {
                if (change != new LinkChange())
                    inside.Links.Set(link.Index, change);
            }
            catch (NetlinkException e)
            {
                StandardError.WriteLine($"tuning: {link.Name} is not as it was before: {e.Message}");
            }
        }
    }

    /// <summary>Restores the interface by its backup; kernel settings end with the namespace.</summary>
    public override void Del(CniRequest request)
    {
        var backup = new LinkBackup(request);
        if (backup.Find() is { } kept && PodNamespace.Find(request.NetNs, Name) is { } pod)
        {
            using (pod)
                RestoreOwn(request, kept, pod);
        }

        // Also where nothing is left to restore: no other process removes it.
        backup.Remove();
    }

    // The path may lead to another pod by now.
    private static void RestoreOwn(CniRequest request, LinkChange kept, NetworkNamespace pod)
    {
        var link = pod.Inside(inside => inside.Links.Find(request.IfName));
        if (link is null || InterfaceOwner.IsOnHostAnothers(link, request.Attachment))
            return;
        Within(pod, () => Restore(request.IfName, kept));
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var config = TuningConfig.Parse(request);
        RequirePrevious(request);
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var entered = pod.Enter();
        foreach (var setting in config.Sysctls)
            Check(setting);
        if (config.ChangesLink)
            Check(request, config);
    }

    private static void Check(WantedSysctl setting)
    {
        string? present;
        try
        {
            present = Sysctl.Find(setting.Name);
        }
        catch (ErrnoException e) when (e.Errno == Errno.EACCES)
        {
            // It is only written, and starts something: nothing is left to compare.
            return;
        }
        catch (ErrnoException e) when (e.Errno == Errno.EIO)
        {
            present = "without a value";
        }

        if (present is null || (!setting.Equals(present) && KernelForm.Find(setting) != present))
            throw Differs($"sysctl {setting.Key}", setting.Value, present ?? "absent");
    }

    private static void Check(CniRequest request, TuningConfig config)
    {
        using var inside = RouteClient.Open();
        var link = inside.Links.Find(request.IfName) ?? throw Differs("the interface", request.IfName, "absent");
        if (config.Mac is { } mac && link.Address != mac)
            throw Differs($"mac of {link.Name}", mac, link.Address);
        if (config.Promiscuous && !link.IsPromiscuous)
            throw Differs($"promisc of {link.Name}", true, false);
        if (config.Mtu != 0 && link.Mtu != config.Mtu)
            throw Differs($"mtu of {link.Name}", config.Mtu, link.Mtu);
        var allMulticast = (link.Flags & LinkFlags.AllMulticast) != 0;
        if (config.AllMulticast is { } wanted && wanted != allMulticast)
            throw Differs($"allmulti of {link.Name}", wanted, allMulticast);
        if (config.TxQueueLength is { } length && length != link.TxQueueLength)
            throw Differs($"txQLen of {link.Name}", length, link.TxQueueLength);
    }

    private static CniException Differs(string what, object wanted, object? present) =>
        new(
            CniErrorCode.NotAsAdded,
            $"Error: Tuning configured {what} is {wanted}, current value is {present}",
            "the interface, the setting or the network config was changed after ADD"
        );

    /// <summary>Nothing: a backup does not say which network it is of.</summary>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid) { }

    /// <summary>Throws what is wrong with the config, or with this node's list of allowed settings.</summary>
    public override void Status(CniRequest request) => SysctlAllowlist.Require(TuningConfig.Parse(request).Sysctls);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request) => TuningConfig.Validate(request);
}
