using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined;

/// <summary>Puts the pod's interface into a VRF in the pod, which is made with its first interface and removed with its last.</summary>
internal sealed class VrfPlugin : CniPlugin
{
    // A config with a table above these is not refused: the search for a free one starts at 1.
    private const int FirstTable = 1;

    /// <inheritdoc/>
    public override string Name => "vrf";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        try
        {
            return Connect(request);
        }
        catch (CniException e)
        {
            // Clients match the reference's text.
            throw new CniException(e.Code, $"cmdAdd failed: {e.Message}", e.Details, e);
        }
    }

    private static CniResult Connect(CniRequest request)
    {
        var config = VrfConfig.Parse(request.Config);
        var result = RequirePrevious(request);
        using var pod = ChainedInterface.Open(request);
        var link = pod.Get(request, $"could not get link by name {request.IfName}");
        using var rollback = new Rollback(static (what, e) => StandardError.WriteLine($"vrf: cannot {what}: {e.Message}"));
        var vrf = Ensure(pod.Inside, config, rollback);
        if (link.MasterIndex != vrf.Index)
        {
            RefuseOther(pod.Inside, link);
            new VrfMembership(pod, link).Join(vrf, rollback);
        }

        rollback.Cancel();
        return result;
    }

    private static CniResult RequirePrevious(CniRequest request) =>
        request.FindPrevResult()
        ?? throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            "missing prevResult from earlier plugin",
            "vrf takes the interface of the plugin before it: put it after another plugin in the conflist"
        );

    private static Link Ensure(RouteClient inside, VrfConfig config, Rollback rollback)
    {
        if (inside.Links.Find(config.Name) is not { } vrf)
            return Create(inside, config, rollback);
        RequireVrf(vrf);
        if (config.Table is { } table && vrf.VrfTable != table)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"VRF {vrf.Name} already exist with different routing table {vrf.VrfTable}",
                $"the configs of one VRF name one table: {vrf.VrfTable}, or none"
            );
        }

        if (!vrf.IsUp)
            inside.Links.Set(vrf.Index, new LinkChange { Up = true });
        return vrf;
    }

    private static void RequireVrf(Link link)
    {
        if (link.Kind == "vrf")
            return;
        throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            $"Netlink {link.Name} is not a VRF",
            $"the container has an interface of the name, {DescribeKind(link)}: choose another vrfname"
        );
    }

    private static string DescribeKind(Link link) => $"of the kind {(link.Kind.Length > 0 ? link.Kind : "hardware")}";

    private static Link Create(RouteClient inside, VrfConfig config, Rollback rollback)
    {
        var table = config.Table ?? new RoutingTables(inside).TakeFree(FirstTable);
        rollback.OnFailure($"remove {config.Name}", () => inside.Links.Delete(config.Name));
        try
        {
            inside.Links.Add(
                new VrfSpec
                {
                    Name = config.Name,
                    Table = table,
                    Up = true,
                }
            );
        }
        catch (NetlinkException e) when (e.Errno == Errno.EOPNOTSUPP)
        {
            throw KernelSupport.Lacks("VRFs", "the module vrf", e);
        }

        return inside.Links.Get(config.Name);
    }

    private static void RefuseOther(RouteClient inside, Link link)
    {
        if (link.MasterIndex == 0)
            return;
        var master = inside.Links.Find(link.MasterIndex)?.Name ?? "unknown";
        throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            $"interface {link.Name} has already a master set: {master}",
            $"it is a port of {master}: an interface has one master, so take it out there, or leave vrf out of the conflist"
        );
    }

    /// <summary>Takes the interface out of the config's VRF and no other, and removes the VRF after its last interface.</summary>
    public override void Del(CniRequest request)
    {
        // A refusal would keep the DELs of the plugins before this one from being called.
        if (VrfConfig.FindName(request.Config) is not { } name)
            return;
        using var pod = ChainedInterface.Find(request, Name);
        if (pod?.Inside.Links.Find(name) is not { Kind: "vrf" } vrf)
            return;
        if (pod.Inside.Links.Find(request.IfName) is { } link && link.MasterIndex == vrf.Index)
            new VrfMembership(pod, link).Leave(vrf);
        if (pod.Inside.Links.ListByMaster(vrf.Index).Count == 0)
            pod.Inside.Links.Delete(vrf.Index);
    }

    /// <inheritdoc/>
    public override void Check(CniRequest request)
    {
        var config = VrfConfig.Parse(request.Config);
        RequirePrevious(request);
        using var pod = ChainedInterface.Open(request);
        var vrf =
            pod.Inside.Links.Find(config.Name)
            ?? throw Differs($"VRF {config.Name}: Link not found", $"the container has no interface {config.Name}");
        if (vrf.Kind != "vrf")
            throw Differs($"Netlink {vrf.Name} is not a VRF", $"expected a VRF, found an interface {DescribeKind(vrf)}");
        CheckMember(pod.Inside, request.IfName, vrf);
        if (config.Table is { } table && vrf.VrfTable != table)
        {
            throw Differs(
                $"VRF {vrf.Name} has the routing table {vrf.VrfTable}, not {table}",
                $"expected {table}, the table of the network config, found {vrf.VrfTable}"
            );
        }

        if (!vrf.IsUp)
            throw Differs($"VRF {vrf.Name} is down", $"expected up, found down: ip link set {vrf.Name} up in the container");
    }

    private static void CheckMember(RouteClient inside, string ifName, Link vrf)
    {
        var link = inside.Links.Find(ifName);
        if (link is not null && link.MasterIndex == vrf.Index)
            return;
        var found =
            link is null ? $"no interface {ifName} in the container"
            : link.MasterIndex == 0 ? "none"
            : inside.Links.Find(link.MasterIndex)?.Name ?? "unknown";
        throw Differs($"failed to find {ifName} associated to vrf {vrf.Name}", $"expected the master {vrf.Name}, found {found}");
    }

    private static CniException Differs(string message, string details) => new(CniErrorCode.NotAsAdded, message, details);

    /// <summary>Nothing: a VRF ends with the pod's namespace.</summary>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid) { }

    /// <summary>Throws what is wrong with the config; whether the kernel has VRFs shows only where one is made.</summary>
    public override void Status(CniRequest request) => VrfConfig.Parse(request.Config);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request) => VrfConfig.Validate(request.Config);
}
