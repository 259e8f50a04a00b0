using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// The <c>host-local</c> IPAM plugin: addresses of the config's ranges, a lease a file in <c>dataDir/network</c>, in the reference's format and under
/// its lock. Refused system calls are <see cref="ErrnoException"/>s, a lock that nobody gives back a
/// <see cref="Linux.Files.FileLockTimeoutException"/>.
/// </summary>
public sealed class HostLocalPlugin : CniPlugin
{
    /// <inheritdoc/>
    public override string Name => "host-local";

    /// <summary>Leases an address of every range set; on failure none.</summary>
    public override CniResult Add(CniRequest request)
    {
        var config = HostLocalConfig.Parse(request);
        var requested = config.AssignRequested();
        var dns = config.ResolvConf.Length == 0 ? CniDns.None : ResolvConf.Read(config.ResolvConf);
        using var store = LeaseStore.Ensure(config.DataDir, request.NetworkName);
        var taken = new Reservation(store, OwnerOf(request)).TakeAll(config.RangeSets, requested);
        return new CniResult { IPs = taken, Routes = config.Routes, Dns = dns };
    }

    /// <summary>
    /// Releases the container's leases. Of the config only <c>dataDir</c> must be readable, and where that is not, the default holds: a
    /// config that is no longer valid, or CNI_ARGS that never were, block nobody's release.
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
        if (store is not null && (FindKnown(store, owner, AddressesOf(request.FindPrevResult())).Count > 0 || store.FindByOwner(owner).Count > 0))
            return;
        throw new CniException(
            CniErrorCode.NotAsAdded,
            $"host-local: Failed to find address added by container {request.ContainerId}",
            $"{config.DataDir}/{request.NetworkName} has no lease of {owner}");
    }

    /// <summary>Releases the leases of containers that are not in <paramref name="valid"/>, and what a crash left.</summary>
    public override void Gc(CniRequest request, IReadOnlySet<CniAttachment>? valid)
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
        RemoveAll(store, stale);
        store.Reindex(kept);

        bool IsValid(LeaseContent content) => content.State switch
        {
            LeaseState.Torn => false,
            LeaseState.Alien => true,
            _ when content.Owner.IfName.Length == 0 => containers.Contains(content.Owner.ContainerId),
            _ => valid.Contains(new CniAttachment(content.Owner.ContainerId, content.Owner.IfName)),
        };
    }

    /// <summary>Throws code 50 where a range set is used up or the leases cannot be written. Changes nothing, takes no lock.</summary>
    public override void Status(CniRequest request)
    {
        var config = HostLocalConfig.Parse(request);
        Readiness.Check(config, request.NetworkName);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = new ConfigProblems();
        HostLocalConfigReader.Read(request, problems);
        return problems.ToSentences();
    }

    private static LeaseOwner OwnerOf(CniRequest request) => new(request.ContainerId, request.IfName);

    private static List<IPAddr> AddressesOf(CniResult? result)
    {
        var addresses = new List<IPAddr>();
        foreach (var ip in result?.IPs ?? [])
            addresses.Add(ip.Address.Address);
        return addresses;
    }

    private static List<Lease> FindKnown(LeaseStore store, LeaseOwner owner, List<IPAddr> addresses)
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
        foreach (var lease in more)
        {
            if (!leases.Contains(lease))
                leases.Add(lease);
        }

        return leases;
    }

    private static void Release(LeaseStore store, List<Lease> leases)
    {
        if (leases.Count == 0)
            return;
        RemoveAll(store, leases);
        foreach (var lease in leases)
            store.RecordReleased(lease.Content.Owner, lease.Address);
        store.Seal();
    }

    // Removes all it can before it reports what it could not.
    private static void RemoveAll(LeaseStore store, List<Lease> leases)
    {
        var failures = new List<ErrnoException>();
        foreach (var lease in leases)
        {
            try
            {
                store.Release(lease.Address);
            }
            catch (ErrnoException e)
            {
                failures.Add(e);
            }
        }

        if (failures.Count == 1)
            throw failures[0];
        if (failures.Count > 1)
            throw new CniException(CniErrorCode.IOFailure, string.Join("; ", failures.ConvertAll(failure => failure.Message)), "", failures[0]);
    }
}
