using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined.Bandwidth;

/// <summary>
/// Limits the rate of a pod's traffic on the host's end of its veth pair, where the pod cannot change it: by a token bucket for what goes
/// to the pod, and by one on an ifb for what comes from it.
/// </summary>
internal sealed class BandwidthPlugin : CniPlugin
{
    private Action? takeBack;

    /// <inheritdoc/>
    public override string Name => "bandwidth";

    /// <summary>Sets the limits; those of an earlier ADD are replaced.</summary>
    public override CniResult Add(CniRequest request)
    {
        var config = BandwidthConfig.Parse(request.Config);
        var previous = RequirePrevious(request, "must be called as chained plugin");
        if (config.IsEmpty)
            return previous;
        using var host = RouteClient.Open();
        var end = PodEnd.Get(host, request, previous);
        var rollback = new Rollback(Report);
        try
        {
            if (config.ToContainer is { } toContainer)
                new RateLimit(host, end, config.Subnets).Apply(toContainer, rollback);
            var ifb = config.FromContainer is null ? null : Redirect(host, request.Attachment, end, config, rollback);
            takeBack = rollback.Dispose;
            return ifb is null ? previous : With(previous, ifb);
        }
        catch
        {
            rollback.Dispose();
            throw;
        }
    }

    private void Report(string what, Exception e) => StandardError.WriteLine($"{Name}: cannot {what}: {e.Message}");

    private static CniResult RequirePrevious(CniRequest request, string message) =>
        request.FindPrevResult()
        ?? throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            message,
            "bandwidth comes after the plugin that gives the pod its interface, in a list of plugins"
        );

    // The packets come last: the ifb limits them from the first one on.
    private static Link Redirect(RouteClient host, Attachment owner, Link end, BandwidthConfig config, Rollback rollback)
    {
        var ifb = new ShapingDevice(host, owner, end).Ensure(end, config.Subnets is not null, rollback);
        new RateLimit(host, ifb, config.Subnets).Apply(config.FromContainer!, rollback);
        new Redirection(host, end).Apply(ifb, rollback);
        return ifb;
    }

    private static CniResult With(CniResult previous, Link ifb) =>
        previous with
        {
            Interfaces = [.. previous.Interfaces, new CniInterface(ifb.Name) { Mac = ifb.Address?.ToString() ?? "" }],
        };

    /// <summary>Restores what was there before <see cref="Add"/>.</summary>
    public override void Undo(CniRequest request) => takeBack?.Invoke();

    /// <summary>
    /// Removes the ifb, and from the host's end of a pod that lives on what sends packets there, and the limit that the config has.
    /// </summary>
    public override void Del(CniRequest request)
    {
        using var host = RouteClient.Open();
        var failures = new Failures();
        Link? end = null;
        failures.Try(() => end = PodEnd.Find(host, request, Name));
        var devices = new List<Link>();
        failures.Try(() => devices.AddRange(new ShapingDevice(host, request.Attachment, end).List()));
        // First the filter: without its ifb it would drop what the pod sends.
        if (end is not null)
        {
            failures.Try(() => new Redirection(host, end).Remove(devices.ConvertAll(static device => device.Index)));
            if (
                InterfaceKeys.Leniently(
                    request.Config,
                    static node => BandwidthConfig.Parse(node).ToContainer is not null,
                    otherwise: false
                )
            )
                failures.Try(new RateLimit(host, end, null).Remove);
        }

        foreach (var device in devices)
            failures.Try(() => host.Links.Delete(device.Index));
        failures.ThrowIfAny();
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var config = BandwidthConfig.Parse(request.Config);
        var result = RequirePrevious(request, "must be called as a chained plugin");
        if (config.IsEmpty)
            return;
        using var host = RouteClient.Open();
        var end = PodEnd.Get(host, request, result);
        if (config.ToContainer is { } toContainer)
            new RateLimit(host, end, config.Subnets).Check(toContainer);
        if (config.FromContainer is not null)
            CheckRedirect(host, request, end, config);
    }

    private static void CheckRedirect(RouteClient host, CniRequest request, Link end, BandwidthConfig config)
    {
        var ifb =
            new ShapingDevice(host, request.Attachment, end).List().FirstOrDefault()
            ?? throw Differs("get ifb device: Link not found", $"the ifb of {request.Attachment} is gone, and the pod cannot send");
        if (!ifb.IsUp)
            throw Differs($"ifb device {ifb.Name} is down", "another program set it down after ADD, and the pod cannot send");
        new RateLimit(host, ifb, config.Subnets).Check(config.FromContainer!);
        if (new Redirection(host, end).FindTarget() != ifb.Index)
            throw Differs("Failed to find filter", $"{end.Name} has no filter that redirects to {ifb.Name}: the pod's rate is not limited");
    }

    private static CniException Differs(string message, string details) => new(CniErrorCode.NotAsAdded, message, details);

    /// <summary>Removes the ifbs with the mark of an attachment that is not valid; the reference's have no mark.</summary>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid)
    {
        if (valid is null)
            return;
        using var host = RouteClient.Open();
        var failures = new Failures();
        foreach (var link in host.Links.List().Where(static link => link.Kind == ShapingDevice.Kind))
        {
            if (VethNames.Parse(link.Alias) is { } owner && owner.Network == request.NetworkName && !valid.Contains(owner))
                failures.Try(() => host.Links.Delete(link.Index));
        }

        failures.ThrowIfAny();
    }

    /// <summary>
    /// Throws what is wrong with the config, and what the kernel lacks for the limits in it: those that a runtime passes are of single
    /// pods, and no reason to take the whole node for broken.
    /// </summary>
    public override void Status(CniRequest request)
    {
        var config = BandwidthConfig.Parse(request.Config);
        if (config.IsEmpty)
            return;
        using var host = RouteClient.Open();
        if (config.Subnets is null)
            Require(host.Qdiscs.Knows("tbf"), "token buckets (tbf)", "the module sch_tbf (CONFIG_NET_SCH_TBF)");
        else
            Require(host.Qdiscs.Knows("htb"), "limits by subnet (htb)", "the module sch_htb (CONFIG_NET_SCH_HTB)");
        if (config.FromContainer is null)
            return;
        Require(host.Links.Knows(ShapingDevice.Kind), "ifb devices", "the module ifb (CONFIG_IFB)");
        Require(host.Filters.KnowsAction("mirred"), "redirection (mirred)", "the module act_mirred (CONFIG_NET_ACT_MIRRED)");
    }

    private static void Require(bool isKnown, string what, string remedy)
    {
        if (!isKnown)
            throw new CniException(CniErrorCode.PluginNotAvailable, $"the kernel has no {what}", $"load or build {remedy}");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request) => BandwidthConfig.Validate(request.Config);
}
