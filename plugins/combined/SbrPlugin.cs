using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined;

/// <summary>
/// Routes what a pod sends from the addresses of one interface by a table of their own, so that answers leave as requests came.
/// </summary>
internal sealed class SbrPlugin : CniPlugin
{
    /// <inheritdoc/>
    public override string Name => "sbr";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var config = SbrConfig.Parse(request.Config);
        var (result, ips) = ReadPrevious(request);
        using var pod = ChainedInterface.Open(request);
        var link = pod.Get(request, $"failed to find network interface \"{request.IfName}\": Link not found");
        using var rollback = new Rollback(static (what, e) => StandardError.WriteLine($"sbr: cannot {what}: {e.Message}"));
        try
        {
            new SourceRouting(pod.Inside, link, config).Apply(ips, result.Routes, rollback);
        }
        catch (NetlinkException e) when (e.Errno == Errno.EOPNOTSUPP)
        {
            throw KernelSupport.Lacks("rules for routing by source", "CONFIG_IP_MULTIPLE_TABLES and CONFIG_IPV6_MULTIPLE_TABLES", e);
        }

        rollback.Cancel();
        return result;
    }

    private static (CniResult Result, IReadOnlyList<CniIP> IPs) ReadPrevious(CniRequest request)
    {
        var result =
            request.FindPrevResult()
            ?? throw new CniException(CniErrorCode.InvalidNetworkConfig, "This plugin must be called as chained plugin")
            {
                Advice =
                    "sbr routes the addresses of the plugin before it: put it after another plugin in a conflist of version 0.3.0 or later",
            };
        CniIP[] ips = [.. result.AddressesOf(request.IfName)];
        return ips.Length > 0
            ? (result, ips)
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"No IP addresses supplied on interface: {request.IfName}",
                "the plugin before gave the interface no address: check its ipam section"
            );
    }

    /// <inheritdoc/>
    public override void Del(CniRequest request)
    {
        using var pod = ChainedInterface.Find(request, Name);
        if (pod is null)
            return;
        var known = request.FindPrevResultLeniently()?.AddressesOf(request.IfName).Select(static ip => ip.Address.Address);
        SourceRouting.Withdraw(pod.Inside, pod.Inside.Links.Find(request.IfName), SbrConfig.TableOf(request.Config), known ?? []);
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var config = SbrConfig.Parse(request.Config);
        var (result, ips) = ReadPrevious(request);
        using var pod = ChainedInterface.Open(request);
        var link = pod.Get(request, $"failed to find network interface \"{request.IfName}\": Link not found");
        if (new SourceRouting(pod.Inside, link, config).FindDifference(ips, result.Routes) is { } difference)
            throw new CniException(
                CniErrorCode.NotAsAdded,
                difference,
                "the pod's rules or routes, or the network config, were changed after ADD"
            );
    }

    /// <summary>Nothing: rules and routes end with the pod's namespace.</summary>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid) { }

    /// <inheritdoc/>
    public override void Status(CniRequest request)
    {
        SbrConfig.Parse(request.Config);
        using var host = RouteClient.Open();
        try
        {
            host.Rules.List(AddressFamily.IPv4);
        }
        catch (NetlinkException e) when (e.Errno == Errno.EOPNOTSUPP)
        {
            throw new CniException(
                CniErrorCode.PluginNotAvailable,
                "the kernel has no rules for routing by source",
                "build it with CONFIG_IP_MULTIPLE_TABLES",
                e
            );
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request) => SbrConfig.Validate(request.Config);
}
