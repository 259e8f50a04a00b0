using Plugboard.Hosting;
using Plugboard.Ipam.HostLocal;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>Connects pods to a Linux bridge.</summary>
internal sealed class BridgePlugin : CniPlugin
{
    private const string HostLocal = "host-local";

    /// <inheritdoc/>
    public override string Name => "bridge";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var config = BridgeConfig.Parse(request);
        var ipam = FindIpam(request, config);
        if (ipam is null)
            CniResultWriter.RequireLayer2(request.CniVersion);
        var owner = VethOwner.Of(request);
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var host = RouteClient.Open();
        using var bridge = BridgeDevice.Ensure(host, config);
        using var rollback = new Rollback(static (what, e) => StandardError.WriteLine($"bridge: cannot {what}: {e.Message}"));
        rollback.OnFailure($"take back the bridge {config.Bridge}", bridge.Undo);

        var port = VethPair.Create(host, pod, owner, bridge.Link, config);
        rollback.OnFailure($"remove {port.Name}", () => host.Links.Delete(port.Index));
        BridgePort.Configure(host, port, owner, config);

        if (ipam is null)
            return AddLayer2(request, config, pod, host, bridge, port, rollback);

        // Before it is called: a delegate that fails may have allocated all the same.
        rollback.OnFailure($"release the addresses of {config.IpamType}", ipam.Del);
        var lease = ipam.Add();
        var plan = AddressPlan.From(lease, config);
        var container = Inside(pod, inside => ContainerInterface.Configure(inside, request.IfName, config, plan));
        BridgePort.WaitUntilUp(host, port);
        var gateway = config.Vlan == 0 || plan.Gateways.Count == 0 ? null : VlanGateway.Ensure(host, bridge, config, rollback);
        BridgeGateway.Ensure(host, gateway ?? bridge.Link, bridge, config, plan, rollback);

        rollback.Cancel();
        return new CniResult
        {
            Interfaces = Interfaces(request, bridge.Current(config), port, container, gateway),
            IPs = plan.IPs,
            Routes = plan.Routes,
            Dns = config.Dns ?? lease.Dns,
        };
    }

    private static CniResult AddLayer2(
        CniRequest request, BridgeConfig config, NetworkNamespace pod, RouteClient host, BridgeDevice bridge, Link port, Rollback rollback)
    {
        var container = Inside(pod, inside => ContainerInterface.ConfigureLayer2(inside, request.IfName, config));
        if (!config.DisableContainerInterface)
            BridgePort.WaitUntilUp(host, port);
        rollback.Cancel();
        return new CniResult
        {
            Interfaces = Interfaces(request, bridge.Current(config), port, container, null),
            Dns = config.Dns ?? CniDns.None,
        };
    }

    /// <inheritdoc/>
    public override void Del(CniRequest request)
    {
        var config = BridgeConfig.ParseLeniently(request);
        var failures = new Failures();
        failures.Try(() => DeleteVeth(request));
        if (config.IsLayer3)
            failures.Try(() => PluginDelegate.Find(request, config.IpamType, SameBuild(config)).Del());
        failures.ThrowIfAny();
    }

    // The container's end where its namespace can be entered, else the host's end; one takes the other with it.
    private static void DeleteVeth(CniRequest request)
    {
        if (FindPod(request.NetNs) is { } pod)
        {
            using (pod)
            {
                Inside(pod, inside => inside.Links.Find(request.IfName) is { } link && inside.Links.Delete(link.Index));
            }
        }

        using var host = RouteClient.Open();
        var owner = VethOwner.Of(request);
        if (host.Links.Find(owner.HostName(0)) is { } port && port.Alias == owner.Alias)
            host.Links.Delete(port.Index);
    }

    private static NetworkNamespace? FindPod(string path)
    {
        if (path.Length == 0)
            return null;
        try
        {
            return NetworkNamespace.Open(path);
        }
        catch (NetworkNamespaceException e)
        {
            StandardError.WriteLine($"bridge: {e.Message}: taken as gone");
            return null;
        }
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var config = BridgeConfig.Parse(request);
        FindIpam(request, config)?.Check();
        var result = request.FindPrevResult() ?? throw new CniException(
            CniErrorCode.InvalidNetworkConfig, "Required prevResult missing", "CHECK wants the result of ADD as prevResult in the network config");
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var host = RouteClient.Open();
        var check = new BridgeCheck(request, config, result);
        check.Host(host, Inside(pod, check.Container));
    }

    /// <inheritdoc/>
    public override void Gc(CniRequest request, IReadOnlySet<CniAttachment>? valid)
    {
        if (valid is null)
            return;
        var config = BridgeConfig.ParseLeniently(request);
        var failures = new Failures();
        failures.Try(() => DeleteStalePorts(request.NetworkName, config.Bridge, valid));
        if (config.IsLayer3)
            failures.Try(() => PluginDelegate.Find(request, config.IpamType, SameBuild(config)).Gc());
        failures.ThrowIfAny();
    }

    private static void DeleteStalePorts(string network, string bridge, IReadOnlySet<CniAttachment> valid)
    {
        using var host = RouteClient.Open();
        if (host.Links.Find(bridge) is not { Kind: "bridge" } device)
            return;
        foreach (var port in host.Links.ListByMaster(device.Index))
        {
            if (VethOwner.Parse(port.Alias) is { } owner && owner.Network == network && !valid.Contains(new CniAttachment(owner.ContainerId, owner.IfName)))
                host.Links.Delete(port.Index);
        }
    }

    /// <inheritdoc/>
    public override void Status(CniRequest request)
    {
        var config = BridgeConfig.Parse(request);
        using (var host = RouteClient.Open())
        {
            if (host.Links.Find(config.Bridge) is { Kind: not "bridge" } other)
            {
                throw new CniException(
                    CniErrorCode.PluginNotAvailable,
                    $"\"{config.Bridge}\" already exists but is not a bridge",
                    $"{config.Bridge} is a {other.Kind} device: name another bridge in the network config");
            }
        }

        if (config.IsLayer3)
            PluginDelegate.Find(request, config.IpamType, SameBuild(config)).Status();
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = BridgeConfig.Validate(request);
        return BridgeConfig.ParseLeniently(request).IpamType == HostLocal
            ? [.. problems, .. new HostLocalPlugin().Validate(request)]
            : problems;
    }

    private static PluginDelegate? FindIpam(CniRequest request, BridgeConfig config) =>
        config.IsLayer3 ? PluginDelegate.Find(request, config.IpamType, SameBuild(config)) : null;

    private static Func<CniPlugin>? SameBuild(BridgeConfig config) =>
        config.IpamType == HostLocal ? static () => new HostLocalPlugin() : null;

    private static T Inside<T>(NetworkNamespace pod, Func<RouteClient, T> work)
    {
        using var entered = pod.Enter();
        using var inside = RouteClient.Open();
        return work(inside);
    }

    private static CniInterface[] Interfaces(CniRequest request, Link bridge, Link port, Link container, Link? gateway)
    {
        return gateway is null
            ? [Interface(bridge), Interface(port), Interface(container) with { Sandbox = request.NetNs }]
            : [Interface(bridge), Interface(port), Interface(container) with { Sandbox = request.NetNs }, Interface(gateway)];
    }

    private static CniInterface Interface(Link link) => new(link.Name) { Mac = link.Address?.ToString() ?? "" };
}
