using Plugboard.Addresses;
using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.Pods;
using Plugboard.Hosting.Firewall;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The rules a pod gets by ipMasq and macspoofchk. A network without them costs one look for a record.</summary>
internal sealed class PodRules(CniRequest request, BridgeConfig config) : IDisposable
{
    private PodTrafficFirewall? firewall;

    private PodTrafficFirewall Firewall => firewall ??= new PodTrafficFirewall(new PodRecordStore(PodRecordStore.Root + "/bridge"));

    private Attachment Owner => request.Attachment;

    /// <summary>Makes a new pod's rules hold.</summary>
    public static void Apply(CniRequest request, BridgeConfig config, VethPair pair, AddressPlan plan, Rollback rollback)
    {
        if (!config.WantsRules)
            return;
        using var rules = new PodRules(request, config);
        var traffic = rules.Traffic(plan.IPs) with
        {
            Link = pair.Port,
            OnlyMac = config.MacSpoofCheck ? pair.ContainerAddress : null,
            NetNs = request.NetNs.Contains('\n') ? "" : request.NetNs,
        };
        var before = rules.Firewall.Apply(traffic, config.IpMasqBackend);
        rollback.OnFailure(
            "take back the pod's rules",
            () =>
            {
                using var again = new PodRules(request, config);
                again.Firewall.Undo(traffic, before);
            }
        );
    }

    /// <summary>Takes a pod's rules away, where it has or could have some.</summary>
    public void Withdraw()
    {
        if (config.WantsRules || Firewall.Knows(Owner))
            Firewall.Withdraw(Owner, request.FindPrevResultLeniently() is { } result ? Traffic(OwnIPs(result)) : null);
    }

    /// <summary>Throws what is not as ADD left it.</summary>
    public void Check(CniResult result)
    {
        if (!config.WantsRules)
            return;
        var container = result.Interfaces.FirstOrDefault(each => each.Name == request.IfName && each.Sandbox.Length > 0);
        var at = container is null ? -1 : result.Interfaces.ToList().IndexOf(container);
        var traffic = Traffic(OwnIPs(result)) with
        {
            Link = at > 0 ? result.Interfaces[at - 1].Name : "",
            OnlyMac = config.MacSpoofCheck && MacAddress.TryParse(container?.Mac ?? "", out var mac) ? mac : null,
        };
        if (Firewall.FindDifference(traffic) is { } difference)
            throw new CniException(CniErrorCode.NotAsAdded, difference, FirewallFailure.Changed);
    }

    /// <summary>Takes away the rules of pods that are not valid any more.</summary>
    public void Collect(IReadOnlySet<Attachment> valid) => Firewall.Collect(request.NetworkName, AttachmentTag.All(valid));

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

    private IEnumerable<CniIP> OwnIPs(CniResult result)
    {
        foreach (var ip in result.IPs)
        {
            if (
                ip.Interface is not { } index
                || index < 0
                || index >= result.Interfaces.Count
                || result.Interfaces[index].Name == request.IfName
            )
                yield return ip;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => firewall?.Dispose();
}
