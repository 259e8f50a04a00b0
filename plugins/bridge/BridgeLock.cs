using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Bridge;

/// <summary>
/// The lock of the bridges in one network namespace: a flock on a file that only root opens, or on the namespace itself where /run cannot
/// be written. It ends with the process. An ADD that finds
/// all in place shares it; one that changes a bridge or its addresses has it alone until its end, so that what it undoes on failure nobody
/// else has built on. No lock is waited for by who may
/// hold it already: see the table of locks in docs/architecture.md.
/// </summary>
internal sealed class BridgeLock : IDisposable
{
    /// <summary>Longer than any ADD that goes well, shorter than a kubelet's two minutes.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly FileLock held;

    private BridgeLock(FileLock held) => this.held = held;

    /// <summary>True where nobody else has the lock.</summary>
    public bool IsExclusive { get; private set; }

    /// <summary>Shares the lock of the calling thread's namespace.</summary>
    public static BridgeLock Share() =>
        new(FileLock.TakeShared(NamespaceLock.TryOpen("bridge") ?? NetworkNamespace.OpenOwn().File, Timeout));

    /// <summary>
    /// Takes the lock alone. What was seen before must be looked at again: others may have changed it while this one waited.
    /// </summary>
    public void MakeExclusive()
    {
        if (IsExclusive)
            return;
        held.MakeExclusive(Timeout);
        IsExclusive = true;
    }

    /// <summary>Takes the lock alone if nobody else has it.</summary>
    public bool TryMakeExclusive() => IsExclusive || (IsExclusive = held.TryMakeExclusive());

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();
}
