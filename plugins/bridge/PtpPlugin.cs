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

/// <summary>Connects each pod to the node by a veth pair of its own, without a bridge: the node routes.</summary>
internal sealed class PtpPlugin : CniPlugin
{
    /// <summary>The container interface's place in the result: after the host's end.</summary>
    private const int ContainerInterface = 1;

    /// <inheritdoc/>
    public override string Name => "ptp";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var config = PtpConfig.Parse(request);
        EarlierAttachment? earlier = null;
        var ipam = IpamDelegate.Find(request, config.IpamType, address => earlier!.Uses(address));
        if (IpamDelegate.Foresee(ipam, request) is { } foreseen)
            PtpAddresses.From(foreseen, config, ContainerInterface);
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var host = RouteClient.Open();
        using var rollback = new Rollback(static (what, e) => StandardError.WriteLine($"ptp: cannot {what}: {e.Message}"));

        var pair = new VethPair(host, request.Attachment);
        pair.Create(pod, null, config.Mtu, null, rollback);
        earlier = new EarlierAttachment(host, pair.Owner, pair.Port);
        host.Links.Set(pair.Port, new LinkChange { Alias = pair.Owner.Alias });
        var conf = $"net/ipv6/conf/{pair.Port}/";
        InterfaceSettings.Prefer(Name, conf + "accept_ra", "0");
        // The node asks for the pod's hardware address with the link-local address of its end: it must be settled when the first packet
        // comes.
        InterfaceSettings.Prefer(Name, conf + "accept_dad", "0");

        var lease = IpamDelegate.Lease(ipam, () => earlier.MayLive, rollback);
        var addresses = PtpAddresses.From(lease, config, ContainerInterface);
        LocalAddresses.RefuseOfNode(host, addresses.IPs, config.IpamType);
        // Before the pod can send.
        PodTrafficRules.Apply(request, config.Traffic, pair, addresses, rollback);
        var report = StartReport.Send(request, addresses.IPs, rollback);
        var connection = new PtpConnection(host, pair, addresses);
        var link = connection.Connect(pod, config.IpamType);
        connection.RouteToPod();
        connection.EnableForwarding();

        rollback.Cancel();
        report?.Wait();
        return new CniResult
        {
            Interfaces =
            [
                new CniInterface(pair.Port) { Mac = pair.HostAddress.ToString() },
                new CniInterface(request.IfName) { Mac = link.Address?.ToString() ?? "", Sandbox = request.NetNs },
            ],
            IPs = addresses.IPs,
            Routes = addresses.Routes,
            Dns = config.Dns ?? lease.Dns,
        };
    }

    /// <inheritdoc/>
    public override void Del(CniRequest request)
    {
        var config = PtpConfig.ParseLeniently(request);
        var failures = new Failures();
        using var rules = new PodTrafficRules(request, config.Traffic);
        failures.Try(() => StartReport.Withdraw(request));
        failures.Try(rules.Withdraw);
        IpamDelegate.Del(failures, request, config.IpamType, () => VethPair.Delete(request, Name, isPort: false));
        failures.ThrowIfAny();
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var config = PtpConfig.Parse(request);
        IpamDelegate.Find(request, config.IpamType).Check();
        var result = request.GetPrevResult("ptp: ");
        using var pod = NetworkNamespace.Open(request.NetNs);
        using var host = RouteClient.Open();
        var link = pod.Inside(inside => new InterfaceCheck(request, result) { Kind = "veth" }.Container(inside));
        PtpConnection.Check(host, link, [.. result.AddressesOf(request.IfName)]);
        using var rules = new PodTrafficRules(request, config.Traffic);
        rules.Check(result);
    }

    /// <inheritdoc/>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid)
    {
        if (valid is null)
            return;
        var config = PtpConfig.ParseLeniently(request);
        var failures = new Failures();
        failures.Try(() => DeleteStale(request.NetworkName, valid));
        using var rules = new PodTrafficRules(request, config.Traffic);
        failures.Try(() => rules.Collect(valid));
        failures.Try(() => StartReport.Collect(request, valid));
        if (config.IpamType.Length > 0)
            failures.Try(() => IpamDelegate.Find(request, config.IpamType).Gc());
        failures.ThrowIfAny();
    }

    private static void DeleteStale(string network, IReadOnlySet<Attachment> valid)
    {
        using var host = RouteClient.Open();
        foreach (var link in host.Links.List())
        {
            if (
                link is { Kind: "veth", MasterIndex: 0 }
                && VethNames.Parse(link.Alias) is { } owner
                && owner.Network == network
                && !valid.Contains(owner)
            )
                host.Links.Delete(link.Index);
        }
    }

    /// <inheritdoc/>
    public override void Status(CniRequest request)
    {
        var config = PtpConfig.Parse(request);
        config.Traffic.RequirePossible();
        var ipam = IpamDelegate.Find(request, config.IpamType);
        if (IpamDelegate.ForeseeFirst(ipam, request) is { } foreseen)
            PtpAddresses.From(foreseen, config, ContainerInterface);
        ipam.Status();
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request)
    {
        var config = InterfaceKeys.Leniently(request.Config, _ => PtpConfig.Parse(request), null);
        return
        [
            .. PtpConfig.Validate(request),
            .. IpamDelegate.Validate(request, PtpConfig.ParseLeniently(request).IpamType, RefuseAddresses),
        ];

        void RefuseAddresses(CniResult foreseen)
        {
            if (config is not null)
                PtpAddresses.From(foreseen, config, ContainerInterface);
        }
    }

    /// <inheritdoc/>
    public override CniException? Translate(Exception exception) => FirewallFailure.Describe(exception);
}
