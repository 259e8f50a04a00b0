using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// The <c>host-local</c> IPAM plugin: leases addresses of the config's ranges, one file per lease in <c>dataDir/network</c>, in the
/// reference's format and under its lock. Failed system calls are <see cref="ErrnoException"/>s, a lock that is not released is a <see
/// cref="Linux.Files.FileLockTimeoutException"/>.
/// </summary>
/// <param name="isInUse">
/// Whether an address is in use by an earlier attachment of the container that a call is for; null if the caller cannot tell: then an
/// earlier lease of the same container and interface is taken for one in use, unless it is from before the machine's last boot.
/// </param>
public sealed class HostLocalPlugin(Func<IPAddr, bool>? isInUse) : CniPlugin
{
    private IReadOnlyList<IPAddr> created = [];
    private HostLocalConfig? parsed;

    /// <summary>A plugin that knows no more than the leases say.</summary>
    public HostLocalPlugin()
        : this(null) { }

    /// <inheritdoc/>
    public override string Name => "host-local";

    /// <summary>
    /// Leases an address of every range set; on failure none. An address that the container has from an attachment that is gone it gets
    /// again.
    /// </summary>
    public override CniResult Add(CniRequest request)
    {
        var config = parsed ?? HostLocalConfig.Parse(request);
        var requested = config.AssignRequested();
        var owner = OwnerOf(request);
        RequireLegible(owner);
        var dns = config.ResolvConf.Length == 0 ? CniDns.None : ResolvConf.Read(config.ResolvConf);
        using var store = LeaseStore.Ensure(config.DataDir, request.NetworkName);
        var reservation = new Reservation(store, owner, new EarlierLeases(store, owner, isInUse));
        var taken = reservation.TakeAll(config, requested);
        created = reservation.Created;
        return new CniResult
        {
            IPs = taken,
            Routes = config.Routes,
            Dns = dns,
        };
    }

    /// <summary>
    /// What <see cref="Add"/> could give by the config, which is all that is looked at: the first address of every range, with gateways and
    /// routes.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="onlyFirst">Of each range set only the first range.</param>
    /// <exception cref="CniException">What is wrong with the config or, of an ADD, with the addresses that its pod requests.</exception>
    public CniResult Foresee(CniRequest request, bool onlyFirst = false)
    {
        parsed = HostLocalConfig.Parse(request);
        if (request.Verb == CniVerb.Add)
            parsed.AssignRequested();
        var first = new List<CniIP>(parsed.RangeSets.Count);
        foreach (var set in parsed.RangeSets)
        {
            foreach (var range in set.Ranges)
            {
                // The gateway is never given, whichever the range begins with.
                var address = range.Start == range.Gateway ? range.Start.Next() : range.Start;
                first.Add(new CniIP(new IPPrefix(address, range.Subnet.Length)) { Gateway = range.Gateway });
                if (onlyFirst)
                    break;
            }
        }

        return new CniResult { IPs = first, Routes = parsed.Routes };
    }

    // A lease that could not be read back would be no lease: the address would be given to the next container too.
    private static void RequireLegible(Attachment owner)
    {
        if (LeaseContent.Parse(owner.ToContent()) != new LeaseContent(LeaseState.Leased, owner))
        {
            throw new CniException(
                CniErrorCode.InvalidEnvironment,
                $"no lease can be written for a container id of {owner.ContainerId.Length} characters, interface "
                    + $"{GoText.Quote(owner.IfName)}",
                $"a lease contains CNI_CONTAINERID and CNI_IFNAME, in fewer than {LeaseContent.LongestFile} bytes"
            );
        }
    }

    /// <summary>Releases what <see cref="Add"/> has leased, and nothing that the container had before it.</summary>
    public override void Undo(CniRequest request)
    {
        if (created.Count == 0)
            return;
        using var store = LeaseStore.Find(HostLocalConfig.DataDirOf(request.Config), request.NetworkName);
        var owner = OwnerOf(request);
        var leases = new List<Lease>();
        foreach (var address in created)
        {
            if (store?.FindOwn(address, owner) is { } lease)
                leases.Add(lease);
        }

        created = [];
        if (store is not null)
            Release(store, leases);
    }

    /// <summary>
    /// Releases the container's leases. Only <c>dataDir</c> must be readable in the config, and if it is not, the default applies: neither
    /// a config that is no longer valid nor invalid CNI_ARGS block a release.
    /// </summary>
    public override void Del(CniRequest request)
    {
        using var store = LeaseStore.Find(HostLocalConfig.DataDirOf(request.Config), request.NetworkName);
        if (store is null)
            return;
        var owner = OwnerOf(request);
        var known = AddressesOf(request.FindPrevResultLeniently());
        var leases = FindKnown(store, owner, known);
        if (known.Count == 0 || leases.Count < known.Count || store.Knows(owner))
            leases = Union(leases, store.FindByOwner(owner));
        Release(store, leases);
    }

    /// <summary>Throws where the container has no lease.</summary>
    public override void Check(CniRequest request)
    {
        var config = HostLocalConfig.Parse(request);
        using var store = LeaseStore.Find(config.DataDir, request.NetworkName);
        var owner = OwnerOf(request);
        if (
            store is not null
            && (FindKnown(store, owner, AddressesOf(request.FindPrevResult())).Count > 0 || store.FindByOwner(owner).Count > 0)
        )
            return;
        throw new CniException(
            CniErrorCode.NotAsAdded,
            $"host-local: Failed to find address added by container {request.ContainerId}",
            $"{config.DataDir}/{request.NetworkName} has no lease of {owner.Text}"
        );
    }

    /// <summary>Releases the leases of containers that are not in <paramref name="valid"/>, and what a crash left.</summary>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid)
    {
        if (valid is null)
            return;
        using var store = LeaseStore.Find(HostLocalConfig.DataDirOf(request.Config), request.NetworkName);
        if (store is null)
            return;
        var containers = new HashSet<string>(StringComparer.Ordinal);
        foreach (var attachment in valid)
            containers.Add(attachment.ContainerId);
        var kept = new List<Lease>();
        var stale = new List<Lease>();
        foreach (var lease in store.Scan())
            (IsValid(lease.Content) ? kept : stale).Add(lease);
        store.ReleaseAll(AddressesOf(stale));
        store.Reindex(kept);

        bool IsValid(LeaseContent content) =>
            content.State switch
            {
                LeaseState.Torn => false,
                LeaseState.Alien => true,
                _ when content.Owner.IfName.Length == 0 => containers.Contains(content.Owner.ContainerId),
                _ => valid.Contains(new Attachment(request.NetworkName, content.Owner.ContainerId, content.Owner.IfName)),
            };
    }

    /// <summary>
    /// Throws code 50 if no ADD can succeed until an administrator repairs the node: leases cannot be written, or the resolvConf file
    /// cannot be read. A full range set is no such case: a runtime would report the whole node as broken, with all pods that use the
    /// addresses. Changes nothing, takes no lock.
    /// </summary>
    public override void Status(CniRequest request)
    {
        var config = HostLocalConfig.Parse(request);
        Readiness.Check(config, request.NetworkName);
    }

    /// <summary>The range sets of a config that are used up, in words each; none where the config is not valid. Takes no lock.</summary>
    internal static IReadOnlyList<string> FindUsedUp(CniRequest request)
    {
        var problems = new ConfigProblems();
        var config = HostLocalConfigReader.Read(request, problems);
        return problems.Count > 0 ? [] : Readiness.FindUsedUp(config, request.NetworkName);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = new ConfigProblems();
        HostLocalConfigReader.Read(request, problems);
        return [.. problems.ToSentences(), .. UnknownKeys.OfHostLocal(request)];
    }

    private static Attachment OwnerOf(CniRequest request) => LeaseOwners.Of(request.ContainerId, request.IfName);

    private static List<IPAddr> AddressesOf(List<Lease> leases) => leases.ConvertAll(static lease => lease.Address);

    private static List<IPAddr> AddressesOf(CniResult? result)
    {
        var addresses = new List<IPAddr>();
        foreach (var ip in result?.IPs ?? [])
            addresses.Add(ip.Address.Address);
        return addresses;
    }

    private static List<Lease> FindKnown(LeaseStore store, Attachment owner, List<IPAddr> addresses)
    {
        var leases = new List<Lease>();
        foreach (var address in addresses)
        {
            if (store.FindOwn(address, owner) is { } lease)
                leases.Add(lease);
        }

        return leases;
    }

    private static List<Lease> Union(List<Lease> leases, IReadOnlyList<Lease> more)
    {
        var known = new HashSet<Lease>(leases);
        foreach (var lease in more)
        {
            if (known.Add(lease))
                leases.Add(lease);
        }

        return leases;
    }

    private static void Release(LeaseStore store, List<Lease> leases)
    {
        if (leases.Count == 0)
            return;
        store.ReleaseAll(AddressesOf(leases));
        foreach (var lease in leases)
            store.RecordReleased(lease.Content.Owner, lease.Address);
        store.Seal();
    }
}
