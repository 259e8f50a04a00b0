using Plugboard.Addresses;
using Plugboard.Firewall;
using Plugboard.Firewall.Bridging;
using Plugboard.Firewall.Pods;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The rules a pod gets by ipMasq and macspoofchk. A network without them costs one look for a record.</summary>
/// <param name="request">The call.</param>
/// <param name="wanted">What the config wants.</param>
internal sealed class PodTrafficRules(CniRequest request, WantedTraffic wanted) : IDisposable
{
    private PodRules<PodTraffic>? opened;

    private PodRules<PodTraffic> Rules => opened ??= TrafficKind.Open(new PodRecordStore(WantedTraffic.Records));

    private Attachment Owner => request.Attachment;

    /// <summary>Makes a new pod's rules hold.</summary>
    public static void Apply(CniRequest request, WantedTraffic wanted, VethPair pair, PodAddresses plan, Rollback rollback)
    {
        if (!wanted.HasRules)
            return;
        using var rules = new PodTrafficRules(request, wanted);
        var traffic = rules.Traffic(plan.IPs) with
        {
            Link = pair.Port,
            OnlyMac = wanted.ChecksMac ? pair.ContainerAddress : null,
            NetNs = request.NetNs.Contains('\n') ? "" : request.NetNs,
        };
        var before = rules.Rules.Apply(traffic, wanted.Backend);
        rollback.OnFailure(
            "take back the pod's rules",
            () =>
            {
                using var again = new PodTrafficRules(request, wanted);
                again.Rules.Undo(traffic, before);
            }
        );
    }

    /// <summary>Takes a pod's rules away, where it has or could have some.</summary>
    public void Withdraw()
    {
        if (wanted.HasRules || Rules.Knows(Owner))
            Rules.Withdraw(Owner, request.FindPrevResultLeniently() is { } result ? Traffic(result.AddressesOf(request.IfName)) : null);
    }

    /// <summary>Throws what is not as ADD left it.</summary>
    public void Check(CniResult result)
    {
        if (!wanted.HasRules)
            return;
        var container = result.InterfaceOf(request.IfName);
        var traffic = Traffic(result.AddressesOf(request.IfName)) with
        {
            Link = result.HostEndOf(request.IfName)?.Name ?? "",
            OnlyMac = wanted.ChecksMac && MacAddress.TryParse(container?.Mac ?? "", out var mac) ? mac : null,
        };
        if (Rules.FindDifference(traffic) is { } difference)
            throw new CniException(CniErrorCode.NotAsAdded, difference, FirewallFailure.Changed);
    }

    /// <summary>Takes away the rules of pods that are not valid any more.</summary>
    public void Collect(IReadOnlySet<Attachment> valid) => Rules.Collect(request.NetworkName, AttachmentTag.All(valid));

    private PodTraffic Traffic(IEnumerable<CniIP> ips)
    {
        var addresses = new List<IPPrefix>();
        if (wanted.IsMasqueraded)
        {
            foreach (var ip in ips)
                addresses.Add(ip.Address);
        }

        return new PodTraffic { Owner = Owner, MasqueradedAddresses = addresses };
    }

    /// <inheritdoc/>
    public void Dispose() => opened?.Dispose();
}

/// <summary>The rules that a config wants for a pod.</summary>
/// <param name="IsMasqueraded">What it sends beyond its network leaves with the node's address.</param>
/// <param name="Backend">What masquerades; null: what the kernel can.</param>
/// <param name="ChecksMac">No frame with another hardware address than the container's passes.</param>
internal sealed record WantedTraffic(bool IsMasqueraded, FirewallBackend? Backend, bool ChecksMac)
{
    /// <summary>Where the pods with rules are recorded.</summary>
    public const string Records = PodRecordStore.Root + "/bridge";

    /// <summary>True where a pod gets rules of its own.</summary>
    public bool HasRules => IsMasqueraded || ChecksMac;

    /// <summary>Throws code 50 where no rule can be made, or no pod with rules recorded.</summary>
    public void RequirePossible()
    {
        if (!HasRules)
            return;
        if (BackendProbe.FindObstacle(ChecksMac ? FirewallBackend.Nftables : Backend) is { } obstacle)
            throw new CniException(
                CniErrorCode.PluginNotAvailable,
                obstacle,
                "ipMasq needs nf_tables in the kernel (Linux 5.6), or iptables; macspoofchk needs nf_tables"
            );
        RecordDirectory.RequireWritable(Records);
    }

    /// <summary>Reads <c>ipMasqBackend</c>; null: the plugin chooses.</summary>
    /// <exception cref="CniException">Code 2: there is no such backend.</exception>
    public static FirewallBackend? ReadBackend(ConfigNode node)
    {
        var word = node.GetString("ipMasqBackend");
        return BackendWord.TryRead(word, out var backend)
            ? backend
            : throw new CniException(
                CniErrorCode.UnsupportedField,
                $"unknown ipmasq backend \"{word}\"",
                "ipMasqBackend is \"nftables\" or \"iptables\"; without it the plugin chooses"
            );
    }
}
