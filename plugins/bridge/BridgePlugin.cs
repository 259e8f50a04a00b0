using Plugboard.Addresses;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>Connects pods to a Linux bridge.</summary>
internal sealed class BridgePlugin : CniPlugin
{
    /// <inheritdoc/>
    public override string Name => "bridge";

    /// <summary>Reports what could not be undone: the failure for the caller says more.</summary>
    public static void Report(string what, Exception e) => StandardError.WriteLine($"bridge: cannot {what}: {e.Message}");

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var (result, report) = Attach(request);
        // Without the bridge's lock: it is up to a minute, and the ADDs of other pods go on.
        report?.Wait();
        return result;
    }

    private static (CniResult Result, StartReport? Report) Attach(CniRequest request)
    {
        var config = BridgeConfig.Parse(request);
        EarlierAttachment? earlier = null;
        var ipam = FindIpam(request, config, address => earlier!.Uses(address));
        Foresee(request, config, ipam);
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var host = RouteClient.Open();
        using var bridge = BridgeDevice.Ensure(host, config);
        // After the bridge, which the reference makes before this refusal too and which its callers expect; nothing of the pod is made.
        if (ipam is null)
            CniResultWriter.RequireLayer2(request.CniVersion);
        using var rollback = new Rollback(Report);
        rollback.OnFailure($"take back the bridge {config.Bridge}", bridge.Undo);

        var pair = new VethPair(host, request.Attachment);
        pair.Create(pod, bridge.Link, config.Mtu, config.Mac, rollback);
        earlier = new EarlierAttachment(host, pair.Owner, pair.Port);
        BridgePort.Configure(host, pair, config);
        if (IpamDelegate.UsesInterface(config.IpamType))
            pair.SetUp();

        var lease = ipam is null ? new CniResult() : IpamDelegate.Lease(ipam, () => earlier.MayLive, rollback);
        var plan = AddressPlan.From(lease, config);
        LocalAddresses.RefuseOfNode(host, plan.IPs, config.IpamType);
        // Before the pod can send.
        PodTrafficRules.Apply(request, config.Traffic, pair, plan, rollback);
        var report = StartReport.Send(request, plan.IPs, rollback);
        using var container = ContainerInterface.Connect(pod, pair, config, plan);
        if (!config.DisableContainerInterface)
            new PodAnnouncement(host, bridge.Link, config, plan).Send(pair.WaitUntilUp(), container, rollback);
        var gateway = config.Vlan == 0 || plan.Gateways.Count == 0 ? null : VlanGateway.Ensure(host, bridge, config, rollback);
        new BridgeGateway(host, bridge, config, rollback).Ensure(gateway ?? bridge.Link, plan);

        rollback.Cancel();
        var result = new CniResult
        {
            Interfaces = Interfaces(bridge.Current(config), pair, Interface(container.Link) with { Sandbox = request.NetNs }, gateway),
            IPs = plan.IPs,
            Routes = plan.Routes,
            Dns = config.Dns ?? lease.Dns,
        };
        return (result, report);
    }

    // A delegate of this build reports invalid addresses before anything is made; another one reports them with its result.
    private static void Foresee(CniRequest request, BridgeConfig config, PluginDelegate? ipam)
    {
        if (IpamDelegate.Foresee(ipam, request) is { } lease)
            AddressPlan.From(lease, config);
    }

    /// <inheritdoc/>
    public override void Del(CniRequest request)
    {
        var config = BridgeConfig.ParseLeniently(request);
        var failures = new Failures();
        // Closed last: the kernel blocks each close until deleted objects are freed, and the removal of a link takes that long anyway.
        using var rules = new PodTrafficRules(request, config.Traffic);
        failures.Try(() => StartReport.Withdraw(request));
        failures.Try(rules.Withdraw);
        IpamDelegate.Del(failures, request, config.IpamType, () => VethPair.Delete(request, Name, isPort: true));
        failures.ThrowIfAny();
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var config = BridgeConfig.Parse(request);
        FindIpam(request, config)?.Check();
        var result = request.GetPrevResult();
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var host = RouteClient.Open();
        var check = new BridgeCheck(request, config, result);
        check.Host(host, pod.Inside(check.Container));
        using var rules = new PodTrafficRules(request, config.Traffic);
        rules.Check(result);
    }

    /// <inheritdoc/>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid)
    {
        if (valid is null)
            return;
        var config = BridgeConfig.ParseLeniently(request);
        var failures = new Failures();
        failures.Try(() => DeleteStalePorts(request.NetworkName, config.Bridge, valid));
        using var rules = new PodTrafficRules(request, config.Traffic);
        failures.Try(() => rules.Collect(valid));
        failures.Try(() => StartReport.Collect(request, valid));
        if (config.IsLayer3)
            failures.Try(() => IpamDelegate.Find(request, config.IpamType).Gc());
        failures.ThrowIfAny();
    }

    private static void DeleteStalePorts(string network, string bridge, IReadOnlySet<Attachment> valid)
    {
        using var host = RouteClient.Open();
        if (host.Links.Find(bridge) is not { Kind: "bridge" } device)
            return;
        foreach (var port in host.Links.ListByMaster(device.Index))
        {
            if (VethNames.Parse(port.Alias) is { } owner && owner.Network == network && !valid.Contains(owner))
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
                    $"{config.Bridge} is a {other.Kind} device: name another bridge in the network config"
                );
            }
        }

        config.Traffic.RequirePossible();
        var ipam = FindIpam(request, config);
        // Without an address the runtime names it with each pod: a node whose STATUS fails counts as broken.
        if (IpamDelegate.ForeseeFirst(ipam, request) is { } foreseen)
            BridgeGateway.RequirePossible(config, AddressPlan.From(foreseen, config));
        ipam?.Status();
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = BridgeConfig.Validate(request);
        var config = InterfaceKeys.Leniently(request.Config, _ => BridgeConfig.Parse(request), null);
        return [.. problems, .. IpamDelegate.Validate(request, BridgeConfig.ParseLeniently(request).IpamType, RefuseAddresses)];

        void RefuseAddresses(CniResult foreseen)
        {
            if (config is not null && AddressPlan.From(foreseen, config).FindRivals() is { } rivals)
                throw rivals.Refuse(config);
        }
    }

    /// <inheritdoc/>
    public override CniException? Translate(Exception exception) => FirewallFailure.Describe(exception);

    private static PluginDelegate? FindIpam(CniRequest request, BridgeConfig config, Func<IPAddr, bool>? isInUse = null) =>
        config.IsLayer3 ? IpamDelegate.Find(request, config.IpamType, isInUse) : null;

    private static CniInterface[] Interfaces(Link bridge, VethPair pair, CniInterface container, Link? gateway)
    {
        var port = new CniInterface(pair.Port) { Mac = pair.HostAddress.ToString() };
        return gateway is null ? [Interface(bridge), port, container] : [Interface(bridge), port, container, Interface(gateway)];
    }

    private static CniInterface Interface(Link link) => new(link.Name) { Mac = link.Address?.ToString() ?? "" };
}
