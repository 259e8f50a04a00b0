using Plugboard.Linux.Files;

namespace Plugboard.Bridge;

/// <summary>
/// The lock of one bridge in one network namespace: a flock on the directory of its settings below /proc/sys. It leaves no file behind, ends with the
/// process and with the bridge. An ADD that finds all in place shares it; one that changes the bridge or its addresses has it alone until its end,
/// so that what it undoes on failure nobody else has built on.
/// </summary>
internal sealed class BridgeLock : IDisposable
{
    /// <summary>Longer than any ADD that goes well, shorter than a kubelet's two minutes.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly FileLock held;

    private BridgeLock(FileLock held) => this.held = held;

    /// <summary>True where nobody else has the lock.</summary>
    public bool IsExclusive { get; private set; }

    /// <summary>Shares the lock of a bridge in the thread's namespace; null where the bridge is gone.</summary>
    public static BridgeLock? FindShared(string bridge)
    {
        var settings = FileDescriptor.FindDirectory($"/proc/sys/net/ipv4/conf/{bridge}");
        return settings is null ? null : new BridgeLock(FileLock.TakeShared(settings, Timeout));
    }

    /// <summary>False where the bridge that this is the lock of is gone, be there another of its name.</summary>
    public bool IsOfPresentBridge => held.IsOfPresentFile;

    /// <summary>Takes the lock alone. What was seen before must be looked at again: others may have changed it while this one waited.</summary>
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
