using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Bridge;

/// <summary>
/// The lock of the bridges in one network namespace: a flock on a file that only root opens, or on the namespace itself if /run cannot be
/// written. It ends with the process. An ADD that finds everything in place shares it; an ADD that changes a bridge or its addresses has it
/// exclusively until its end, so that no other call depends on what it undoes on failure. A process never waits for a lock that it may hold
/// already: see the table of locks in docs/architecture.md.
/// </summary>
internal sealed class BridgeLock : IDisposable
{
    /// <summary>Longer than any ADD that goes well, shorter than a kubelet's two minutes.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly FileLock held;

    private BridgeLock(FileLock held) => this.held = held;

    /// <summary>True if no other process has the lock.</summary>
    public bool IsExclusive { get; private set; }

    /// <summary>Shares the lock of the calling thread's namespace.</summary>
    public static BridgeLock Share() =>
        new(FileLock.TakeShared(NamespaceLock.TryOpen("bridge") ?? NetworkNamespace.OpenOwn().File, Timeout));

    /// <summary>
    /// Takes the lock exclusively. Earlier readings must be repeated: another process may have changed the bridge meanwhile.
    /// </summary>
    public void MakeExclusive()
    {
        if (IsExclusive)
            return;
        held.MakeExclusive(Timeout);
        IsExclusive = true;
    }

    /// <summary>Takes the lock exclusively if no other process has it.</summary>
    public bool TryMakeExclusive() => IsExclusive || (IsExclusive = held.TryMakeExclusive());

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();
}
