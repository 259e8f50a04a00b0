using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// Which addresses an owner has, without opening every lease: in <c>dataDir/.owners/network</c> what the last scan found (<see cref="OwnerSnapshot"/>)
/// and for each owner since then a symbolic link from <c>ifname@containerID</c> to its addresses, divided by commas. It is a cache: what
/// it says may be out of date and is verified with the lease itself. Every live lease is in the one or the other only while nobody else has changed the lease directory since <see cref="Seal"/>. The reference never sees it: no network's name begins
/// with a dot. All calls are under the lease directory's lock. Record: docs/decisions/0008-owner-index.md.
/// </summary>
internal sealed class OwnerIndex : IDisposable
{
    private const string SealName = ".complete";
    private const uint DirectoryMode = 0x1c0; // 0700
    private const uint FileMode = 0x180; // 0600
    private const int LongestName = 255;
    private const int LongestTarget = 500;

    private readonly FileDirectory links;
    private readonly FileDirectory leases;

    private OwnerIndex(FileDirectory links, FileDirectory leases)
    {
        this.links = links;
        this.leases = leases;
    }

    /// <summary>Opens the index, which is made where it is missing; null where that is refused: it saves time, so nothing fails for it.</summary>
    public static OwnerIndex? TryOpen(string dataDir, string network, LeaseDirectory directory)
    {
        try
        {
            return new OwnerIndex(FileDirectory.Ensure($"{dataDir}/.owners/{network}", DirectoryMode), directory.Files);
        }
        catch (ErrnoException)
        {
            return null;
        }
    }

    /// <summary>True where an owner's addresses can be a link: not for the longest container ids.</summary>
    public static bool CanHold(LeaseOwner owner) => Encoding.UTF8.GetByteCount(NameOf(owner)) <= LongestName;

    private static string NameOf(LeaseOwner owner) => $"{owner.IfName}@{owner.ContainerId}";

    /// <summary>True where the lease directory is as <see cref="Seal"/> left it.</summary>
    public bool IsComplete() => links.FindStatus(SealName) is { } seal && seal.ModifiedNanoseconds == leases.Status().ModifiedNanoseconds;

    /// <summary>
    /// Says that the index now holds every owner: the lease directory and a file here get one and the same time of modification. Any change of the lease
    /// directory sets it to the kernel's clock; the seal is a nanosecond before the directory's last change, which that clock never reaches again,
    /// however coarse the filesystem's times. A process killed between the two calls leaves them different.
    /// </summary>
    public void Seal()
    {
        var time = leases.Status().ModifiedNanoseconds - 1;
        leases.SetModified(time);
        time = leases.Status().ModifiedNanoseconds;
        if (links.TrySetModified(SealName, time))
            return;
        links.Overwrite(SealName, [], FileMode);
        links.TrySetModified(SealName, time);
    }

    /// <summary>The addresses the index knows of an owner; it may have lost them since.</summary>
    public List<IPAddr> Find(LeaseOwner owner)
    {
        var addresses = FindLinked(owner);
        AddTo(addresses, OwnerSnapshot.Find(links, NameOf(owner)));
        return addresses;
    }

    /// <summary>The addresses of the owner's link alone: what a change starts from.</summary>
    public List<IPAddr> FindLinked(LeaseOwner owner)
    {
        var addresses = new List<IPAddr>();
        AddTo(addresses, links.FindLinkTarget(NameOf(owner), LongestTarget));
        return addresses;
    }

    private static void AddTo(List<IPAddr> addresses, string? target)
    {
        foreach (var part in target?.Split(',') ?? [])
        {
            if (IPAddr.TryParse(part, out var address) && !addresses.Contains(address))
                addresses.Add(address);
        }
    }

    /// <summary>Makes an owner's link say these addresses; none: no link.</summary>
    /// <returns>False where a link cannot hold them; the index is then not complete.</returns>
    public bool TryReplace(LeaseOwner owner, IReadOnlyCollection<IPAddr> addresses)
    {
        var target = string.Join(',', addresses);
        if (!CanHold(owner))
            return true;
        if (target.Length >= LongestTarget)
            return false;
        var name = NameOf(owner);
        if (target.Length == 0)
        {
            links.Remove(name);
        }
        else if (!links.TryLinkTo(target, name) && links.FindLinkTarget(name, LongestTarget) != target)
        {
            links.Remove(name);
            links.TryLinkTo(target, name);
        }

        return true;
    }

    /// <summary>Makes the index say what a scan found. <see cref="Seal"/> is the caller's.</summary>
    /// <returns>False where an owner has more addresses than a line holds; the index is then not complete.</returns>
    public bool TryRebuild(IEnumerable<Lease> scan)
    {
        var wanted = GroupByOwner(scan);
        foreach (var name in links.ReadNames())
        {
            if (name is not (SealName or OwnerSnapshot.FileName) && !wanted.ContainsKey(name))
                links.Remove(name);
        }

        var lines = new List<(string Name, string Target)>(wanted.Count);
        foreach (var (name, (owner, addresses)) in wanted)
        {
            var target = string.Join(',', addresses);
            if (target.Length >= LongestTarget)
                return false;
            if (CanHold(owner))
                lines.Add((name, target));
        }

        OwnerSnapshot.Write(links, lines, FileMode);
        return true;
    }

    private static Dictionary<string, (LeaseOwner Owner, List<IPAddr> Addresses)> GroupByOwner(IEnumerable<Lease> scan)
    {
        var owners = new Dictionary<string, (LeaseOwner Owner, List<IPAddr> Addresses)>(StringComparer.Ordinal);
        foreach (var (address, content) in scan)
        {
            if (content.State != LeaseState.Leased)
                continue;
            var name = NameOf(content.Owner);
            if (!owners.TryGetValue(name, out var known))
                owners.Add(name, known = (content.Owner, []));
            known.Addresses.Add(address);
        }

        return owners;
    }

    /// <inheritdoc/>
    public void Dispose() => links.Dispose();
}
