using Plugboard.Addresses;
using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.Pods;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The rules a pod gets by ipMasq and macspoofchk. A network without them costs one look for a record.</summary>
internal sealed class PodTrafficRules(CniRequest request, BridgeConfig config) : IDisposable
{
    private PodRules<PodTraffic>? opened;

    private PodRules<PodTraffic> Rules => opened ??= TrafficKind.Open(new PodRecordStore(PodRecordStore.Root + "/bridge"));

    private Attachment Owner => request.Attachment;

    /// <summary>Makes a new pod's rules hold.</summary>
    public static void Apply(CniRequest request, BridgeConfig config, VethPair pair, AddressPlan plan, Rollback rollback)
    {
        if (!config.WantsRules)
            return;
        using var rules = new PodTrafficRules(request, config);
        var traffic = rules.Traffic(plan.IPs) with
        {
            Link = pair.Port,
            OnlyMac = config.MacSpoofCheck ? pair.ContainerAddress : null,
            NetNs = request.NetNs.Contains('\n') ? "" : request.NetNs,
        };
        var before = rules.Rules.Apply(traffic, config.IpMasqBackend);
        rollback.OnFailure(
            "take back the pod's rules",
            () =>
            {
                using var again = new PodTrafficRules(request, config);
                again.Rules.Undo(traffic, before);
            }
        );
    }

    /// <summary>Takes a pod's rules away, where it has or could have some.</summary>
    public void Withdraw()
    {
        if (config.WantsRules || Rules.Knows(Owner))
            Rules.Withdraw(Owner, request.FindPrevResultLeniently() is { } result ? Traffic(result.AddressesOf(request.IfName)) : null);
    }

    /// <summary>Throws what is not as ADD left it.</summary>
    public void Check(CniResult result)
    {
        if (!config.WantsRules)
            return;
        var container = result.InterfaceOf(request.IfName);
        var traffic = Traffic(result.AddressesOf(request.IfName)) with
        {
            Link = result.HostEndOf(request.IfName)?.Name ?? "",
            OnlyMac = config.MacSpoofCheck && MacAddress.TryParse(container?.Mac ?? "", out var mac) ? mac : null,
        };
        if (Rules.FindDifference(traffic) is { } difference)
            throw new CniException(CniErrorCode.NotAsAdded, difference, FirewallFailure.Changed);
    }

    /// <summary>Takes away the rules of pods that are not valid any more.</summary>
    public void Collect(IReadOnlySet<Attachment> valid) => Rules.Collect(request.NetworkName, AttachmentTag.All(valid));

    private PodTraffic Traffic(IEnumerable<CniIP> ips)
    {
        var addresses = new List<IPPrefix>();
        if (config is { IpMasq: true, IsLayer3: true })
        {
            foreach (var ip in ips)
                addresses.Add(ip.Address);
        }

        return new PodTraffic { Owner = Owner, MasqueradedAddresses = addresses };
    }

    /// <inheritdoc/>
    public void Dispose() => opened?.Dispose();
}
