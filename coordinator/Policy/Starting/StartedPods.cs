using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Starting;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Coordinator.Policy.Starting;

/// <summary>
/// The addresses that this build's plugins gave to pods of this node, known before the pod can send and seconds before the API server has
/// them. Answers each plugin when the pod's policies are in force. For one thread, but for what the watch calls.
/// </summary>
/// <param name="starts">The records.</param>
internal sealed class StartedPods(PodStarts starts) : IDisposable
{
    // As the plugins call the node's end of a pod's link; one that is longer has no alias. Source: include/uapi/linux/if.h, IFALIASZ.
    private const string AliasMark = "cni:";
    private const int LongestAlias = 255;

    private ValueArray<PodStart> known = [];
    private HashSet<string> foreign = [];
    private Dictionary<IPAddr, ObjectName> taken = [];
    private readonly HashSet<(string Tag, long Since)> answered = [];
    private bool isAnswered;
    private DirectoryWatch? watch;
    private FileLock? alive;
    private int isTouched = 1;

    /// <summary>The aliases of this node's links, read now; null: records are not compared with them.</summary>
    public Func<IEnumerable<string>>? ReadAliases { get; init; }

    /// <summary>The records of this node's pods.</summary>
    public ValueArray<PodStart> Known => known;

    /// <summary>How many records there are.</summary>
    public int Count => known.Count;

    /// <summary>How many of these pods' policies are not in force yet.</summary>
    public int WaitingCount { get; private set; }

    /// <summary>From now on plugins report their pods, and each record is heard of.</summary>
    /// <param name="patience">How long an ADD waits; zero: it does not.</param>
    /// <param name="changed">Called on another thread.</param>
    /// <exception cref="ErrnoException">The directory cannot be written, or no more files can be watched.</exception>
    public void Open(TimeSpan patience, Action changed)
    {
        alive = starts.Open(patience);
        watch = DirectoryWatch.Start(
            starts.RecordPath,
            () =>
            {
                Interlocked.Exchange(ref isTouched, 1);
                changed();
            }
        );
    }

    /// <summary>
    /// From now on plugins report nothing, unless another process enforces policy with their reports, as in another network namespace.
    /// </summary>
    /// <param name="starts">The records.</param>
    /// <exception cref="ErrnoException">The directory cannot be written.</exception>
    public static void Close(PodStarts starts)
    {
        if (!starts.HasCoordinator())
            starts.Close();
    }

    /// <summary>Reads the records, if they may have changed.</summary>
    public void Refresh(bool isForced)
    {
        if (Interlocked.Exchange(ref isTouched, 0) == 0 && !isForced)
            return;
        isAnswered = false;
        var own = NetworkNamespace.FindOwnInode();
        var all = starts.List();
        known = all.Where(start => start.IsOf(own)).ToValueArray();
        // Of pods that another coordinator answers.
        foreign = all.Where(start => !start.IsOf(own)).Select(static start => start.Owner.Tag).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>
    /// Removes the records of pods whose link is gone: another program took them apart, and the next pod with such an address would not get
    /// its own policies.
    /// </summary>
    /// <exception cref="ErrnoException">The links cannot be read, or the directory cannot be written.</exception>
    public void Collect()
    {
        if (ReadAliases is null || known.Count == 0)
            return;
        // The link is there before the record is.
        var present = ReadAliases().ToHashSet(StringComparer.Ordinal);
        foreach (var owner in known.Select(static start => start.Owner))
        {
            if (AliasOf(owner) is not { } alias || present.Contains(alias))
                continue;
            starts.Withdraw(owner);
            isTouched = 1;
        }

        Refresh(isForced: false);
    }

    /// <summary>The addresses that were given or taken back since the last call: these with null.</summary>
    public Dictionary<IPAddr, ObjectName?> Take()
    {
        var now = new Dictionary<IPAddr, ObjectName>();
        // Of two pods with one address, the one that was attached last has it.
        foreach (var start in known.OrderBy(static start => start.Since))
        {
            foreach (var address in start.Addresses)
                now[address] = NameOf(start);
        }

        var changes = new Dictionary<IPAddr, ObjectName?>();
        foreach (var (address, name) in now)
        {
            if (!taken.TryGetValue(address, out var old) || old != name)
                changes[address] = name;
        }

        foreach (var address in taken.Keys)
        {
            if (!now.ContainsKey(address))
                changes[address] = null;
        }

        taken = now;
        return changes;
    }

    /// <summary>What was taken is lost: the next call of <see cref="Take"/> returns all.</summary>
    public void Forget() => taken = [];

    /// <summary>The alias of a pod's link on the node; null: it has none, since it would be too long.</summary>
    public static string? AliasOf(Attachment owner)
    {
        var alias = $"{AliasMark}{owner}";
        return Encoding.UTF8.GetByteCount(alias) > LongestAlias ? null : alias;
    }

    /// <summary>The pod of a record.</summary>
    public static ObjectName NameOf(PodStart start) => new(start.Namespace, start.Name);

    /// <summary>Answers the plugins of pods whose policies are in force now.</summary>
    /// <param name="isInForce">True if an address is a pod's, and the kernel has its policies.</param>
    /// <exception cref="ErrnoException">The directory cannot be written.</exception>
    public void Answer(Func<ObjectName, IPAddr, bool> isInForce)
    {
        if (isAnswered)
            return;
        var current = new HashSet<(string Tag, long Since)>();
        foreach (var start in known)
        {
            if (!start.Addresses.All(address => isInForce(NameOf(start), address)))
                continue;
            current.Add((start.Owner.Tag, start.Since));
            if (answered.Add((start.Owner.Tag, start.Since)))
                starts.SetReady(start.Owner.Tag, isReady: true);
        }

        WaitingCount = known.Count - current.Count;
        answered.IntersectWith(current);
        var tags = known.Select(static start => start.Owner.Tag).ToHashSet(StringComparer.Ordinal);
        foreach (var tag in starts.ListReady().Where(tag => !tags.Contains(tag) && !foreign.Contains(tag)))
            starts.SetReady(tag, isReady: false);
        isAnswered = WaitingCount == 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        watch?.Dispose();
        alive?.Dispose();
    }
}
