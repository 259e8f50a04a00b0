using Plugboard.Addresses;
using Plugboard.Hosting;
using Plugboard.Ipam.HostLocal;
using Plugboard.Ipam.Static;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>The IPAM plugin that a config names: executed, or called in this process if it is of the same build.</summary>
public static class IpamDelegate
{
    /// <summary>The IPAM plugin that leases from ranges on this node.</summary>
    public const string HostLocal = "host-local";

    /// <summary>The IPAM plugin whose addresses the config names.</summary>
    public const string Static = "static";

    /// <summary>
    /// True for the IPAM plugin that speaks by the pod's own interface: that must work before ADD, and until DEL.
    /// </summary>
    public static bool UsesInterface(string type) => type == "dhcp";

    /// <summary>Finds the executable of <c>ipam.type</c>.</summary>
    /// <param name="request">The call.</param>
    /// <param name="type">The plugin.</param>
    /// <param name="isInUse">True for an address that a living interface has; null: not asked.</param>
    /// <exception cref="CniException">Code 4: CNI_PATH does not have it.</exception>
    public static PluginDelegate Find(CniRequest request, string type, Func<IPAddr, bool>? isInUse = null) =>
        PluginDelegate.Find(request, type, SameBuild(type, isInUse));

    /// <summary>
    /// ADD, which the rollback takes back. Another executable gets a DEL for all leases of the attachment. If its ADD succeeds, it had no
    /// earlier lease; if it fails, it may have allocated all the same, or refused because the container has its address already: then only
    /// if nothing of an earlier attachment can be alive.
    /// </summary>
    /// <param name="ipam">The IPAM plugin.</param>
    /// <param name="mayEarlierLive">True if something of an earlier attachment may be alive.</param>
    /// <param name="rollback">Releases the addresses.</param>
    public static CniResult Lease(PluginDelegate ipam, Func<bool> mayEarlierLive, Rollback rollback)
    {
        var succeeded = false;
        rollback.OnFailure(
            $"release the addresses of {ipam.Path}",
            () =>
            {
                if (ipam.IsInProcess || succeeded || !mayEarlierLive())
                    ipam.Undo();
            }
        );
        var lease = ipam.Add();
        succeeded = true;
        return lease;
    }

    /// <summary>
    /// DEL of an interface and of its addresses. An address is free only when no interface has it, so the interface goes first; but not
    /// where the IPAM plugin needs it to say so.
    /// </summary>
    /// <param name="failures">Gets what fails: one does not stop the other.</param>
    /// <param name="request">The call.</param>
    /// <param name="type">The IPAM plugin; empty: the config names none.</param>
    /// <param name="removeInterface">Removes the interface.</param>
    public static void Del(Failures failures, CniRequest request, string type, Action removeInterface)
    {
        var release = () => Find(request, type).Del();
        if (UsesInterface(type))
            failures.Try(release);
        failures.Try(removeInterface);
        failures.Try(() => FormerPlugin.DelChained(request));
        if (type.Length > 0 && !UsesInterface(type))
            failures.Try(release);
    }

    /// <summary>What ADD would give, where it can be known before anything is made: an answer that is not usable is refused then.</summary>
    public static CniResult? Foresee(PluginDelegate? ipam, CniRequest request) => Foresee(ipam?.InProcess, request);

    private static CniResult? Foresee(CniPlugin? plugin, CniRequest request) =>
        plugin switch
        {
            HostLocalPlugin hostLocal => hostLocal.Foresee(request),
            StaticPlugin fixedAddresses => fixedAddresses.Add(request),
            _ => null,
        };

    /// <summary>
    /// As <see cref="Foresee(PluginDelegate?, CniRequest)"/>, while the first range of each set has a free address. Null also where the
    /// addresses are named with each pod.
    /// </summary>
    public static CniResult? ForeseeFirst(PluginDelegate? ipam, CniRequest request) =>
        !IsNamedPerPod(request)
        && (ipam?.InProcess is HostLocalPlugin hostLocal ? hostLocal.Foresee(request, onlyFirst: true) : Foresee(ipam, request))
            is { IPs.Count: > 0 } foreseen
            ? foreseen
            : null;

    private static bool IsNamedPerPod(CniRequest request) => request.IsGivenPerPod("ips") || request.IsGivenPerPod("ipRanges");

    /// <summary>What is wrong with the <c>ipam</c> section, of a plugin whose keys are known here, and with what ADD would get.</summary>
    /// <param name="request">The call.</param>
    /// <param name="type">The IPAM plugin.</param>
    /// <param name="use">Throws what ADD refuses of an answer.</param>
    public static IReadOnlyList<string> Validate(CniRequest request, string type, Action<CniResult> use)
    {
        if (SameBuild(type, null)?.Invoke() is not { } plugin)
            return [];
        var problems = new List<string>(plugin.Validate(request));
        // What cannot be read is among the problems already.
        var lease = IsNamedPerPod(request) ? null : InterfaceKeys.Leniently(request.Config, _ => Foresee(plugin, request), null);
        if (lease is { IPs.Count: > 0 } foreseen)
            problems.Try("ipam", () => use(foreseen));
        return problems;
    }

    private static Func<CniPlugin>? SameBuild(string type, Func<IPAddr, bool>? isInUse) =>
        type switch
        {
            HostLocal => () => new HostLocalPlugin(isInUse),
            Static => static () => new StaticPlugin(),
            _ => null,
        };
}
