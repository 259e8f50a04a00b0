using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>A network's leases under their lock, which is held from opening to disposal, and the index of their owners.</summary>
internal sealed class LeaseStore : IDisposable
{
    /// <summary>
    /// How long to wait for the lock. The longest honest holder reads every lease of a /16 once, about a second; who waits longer waits for
    /// a process that hangs, and the runtime, which gives up after two to four minutes, should hear its number before.
    /// </summary>
    public static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(30);

    private readonly LeaseDirectory directory;
    private readonly FileLock held;
    private OwnerIndex? index;
    private bool complete;

    private LeaseStore(LeaseDirectory directory, FileLock held, OwnerIndex? index)
    {
        this.directory = directory;
        this.held = held;
        this.index = index;
        complete = Indexed(found => found.IsComplete());
    }

    /// <summary>Opens and locks a network's leases; the directory is made where it is missing.</summary>
    /// <exception cref="FileLockTimeoutException">Someone else held the lock for <see cref="LockTimeout"/>.</exception>
    public static LeaseStore Ensure(string dataDir, string network) => Lock(LeaseDirectory.Ensure(dataDir, network), dataDir, network);

    /// <summary>Opens and locks a network's leases; null where it has no directory.</summary>
    /// <exception cref="FileLockTimeoutException">Someone else held the lock for <see cref="LockTimeout"/>.</exception>
    public static LeaseStore? Find(string dataDir, string network) =>
        LeaseDirectory.Find(dataDir, network) is { } directory ? Lock(directory, dataDir, network) : null;

    private static LeaseStore Lock(LeaseDirectory directory, string dataDir, string network)
    {
        try
        {
            return new LeaseStore(directory, directory.Lock(LockTimeout), OwnerIndex.TryOpen(dataDir, network, directory));
        }
        catch (Exception)
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>The directory of the leases, for messages.</summary>
    public string Path => directory.Files.Path;

    /// <summary>True where <see cref="FindByOwner"/> opens no lease but the owner's own.</summary>
    public bool Knows(Attachment owner) => complete && OwnerIndex.CanHold(owner);

    /// <summary>What the address's file says; null where there is none.</summary>
    public LeaseContent? Find(IPAddr address) => directory.Find(address);

    /// <summary>The owner's lease of that address, of the old format too; null where it is somebody else's or nobody's.</summary>
    public Lease? FindOwn(IPAddr address, Attachment owner) =>
        directory.Find(address) is { State: LeaseState.Leased } content
        && (content.Owner == owner || content.Owner == owner.WithoutInterface)
            ? new Lease(address, content)
            : null;

    /// <summary>The owner's leases; where it has none, those of the old format, which names no interface.</summary>
    public IReadOnlyList<Lease> FindByOwner(Attachment owner)
    {
        var candidates = new List<Lease>();
        if (!Knows(owner) || !Indexed(found => Look(found, owner, candidates)))
            candidates = ScanAndIndex();
        var exact = candidates.FindAll(lease => lease.Content.State == LeaseState.Leased && lease.Content.Owner == owner);
        return exact.Count > 0
            ? exact
            : candidates.FindAll(lease => lease.Content.State == LeaseState.Leased && lease.Content.Owner == owner.WithoutInterface);
    }

    private bool Look(OwnerIndex found, Attachment owner, List<Lease> candidates)
    {
        foreach (var address in found.Find(owner.ContainerId))
        {
            if (directory.Find(address) is { } content)
                candidates.Add(new Lease(address, content));
        }

        return true;
    }

    private List<Lease> ScanAndIndex()
    {
        var leases = directory.Scan();
        Reindex(leases);
        return leases;
    }

    /// <summary>Every lease: opens them all.</summary>
    public List<Lease> Scan() => directory.Scan();

    /// <summary>The addresses that have a file, of whatever content.</summary>
    public List<IPAddr> ReadAddresses() => directory.ReadAddresses();

    /// <summary>When the lease was written, in nanoseconds since 1970; null where there is none.</summary>
    public Int128? FindTime(IPAddr address) => directory.Files.FindStatus(address.ToString())?.ModifiedNanoseconds;

    /// <summary>Writes a lease that has no address yet.</summary>
    public UnnamedFile CreateLease(Attachment owner) => directory.CreateLease(owner);

    /// <summary>Gives a written lease its address; false where that has a lease already. What a crash left there makes way.</summary>
    public bool TryReserve(UnnamedFile lease, IPAddr address)
    {
        var name = address.ToString();
        if (lease.TryLink(name))
            return true;
        return directory.Find(address) is { State: LeaseState.Torn } && directory.Remove(address) && lease.TryLink(name);
    }

    /// <summary>Removes an address's lease.</summary>
    public void Release(IPAddr address) => directory.Remove(address);

    /// <summary>Removes all leases that it can before it reports those that it could not.</summary>
    /// <exception cref="ErrnoException">One could not be removed.</exception>
    /// <exception cref="CniException">Several could not.</exception>
    public void ReleaseAll(IEnumerable<IPAddr> addresses)
    {
        var failures = new List<ErrnoException>();
        foreach (var address in addresses)
        {
            try
            {
                Release(address);
            }
            catch (ErrnoException e)
            {
                failures.Add(e);
            }
        }

        if (failures.Count == 1)
            throw failures[0];
        if (failures.Count > 1)
            throw new CniException(
                CniErrorCode.IOFailure,
                string.Join("; ", failures.ConvertAll(failure => failure.Message)),
                "",
                failures[0]
            );
    }

    /// <summary>
    /// Makes a lease that its owner gets again one of now, in the format of now; true where the directory changed for it.
    /// </summary>
    public bool Renew(Lease lease, Attachment owner)
    {
        var name = lease.Address.ToString();
        if (lease.Content.Owner == owner && directory.Files.TryTouch(name))
            return false;
        using var file = directory.CreateLease(owner);
        while (!file.TryLink(name))
            directory.Remove(lease.Address);
        return true;
    }

    /// <summary>The address that was given out last from that range set; null where nobody knows.</summary>
    public IPAddr? FindLastReserved(int set) => directory.FindLastReserved(set);

    /// <summary>Remembers the address that was given out last from that range set.</summary>
    public void WriteLastReserved(int set, IPAddr address) => directory.WriteLastReserved(set, address);

    /// <summary>Tells the index what an owner got; <see cref="Seal"/> ends the change.</summary>
    public void RecordReserved(Attachment owner, IPAddr address)
    {
        if (complete)
            index!.Add(owner, address);
    }

    /// <summary>Tells the index what an owner lost; <see cref="Seal"/> ends the change.</summary>
    public void RecordReleased(Attachment owner, IPAddr address)
    {
        if (complete)
            index!.Remove(owner, address);
    }

    /// <summary>Ends a change: the index, if it was complete, is so again.</summary>
    public void Seal()
    {
        if (complete)
            complete = Indexed(static found => found.Seal());
    }

    /// <summary>Makes the index say what a scan found.</summary>
    public void Reindex(IEnumerable<Lease> leases) =>
        complete = Indexed(found =>
        {
            found.Rebuild(leases);
            found.Seal();
        });

    private bool Indexed(Action<OwnerIndex> use) =>
        Indexed(found =>
        {
            use(found);
            return true;
        });

    // The index only saves time. Where it cannot be read or written it is given up, unsealed: the next process scans and mends it.
    private bool Indexed(Func<OwnerIndex, bool> use)
    {
        if (index is null)
            return false;
        try
        {
            return use(index);
        }
        catch (ErrnoException)
        {
            index.Dispose();
            index = null;
            return false;
        }
    }

    /// <summary>Gives the lock back.</summary>
    public void Dispose()
    {
        index?.Dispose();
        held.Dispose();
        directory.Dispose();
    }
}
