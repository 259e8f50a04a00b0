using Plugboard.Linux.Files;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// A record with a lock on its file, until it is disposed: DEL shares it from before it reads the kernel until the record is gone, so that
/// <see cref="Restoring.PodRestorer"/>, which takes it exclusively, never restores what a DEL has just removed. ADD shares it from before
/// the record has its name until the kernel has the pod's rules: until then the pod is not incomplete.
/// </summary>
/// <param name="held">The lock, which owns the file.</param>
/// <param name="record">The file's content; null if it cannot be read.</param>
internal sealed class PodRecordHold(FileLock held, PodRecord? record) : IDisposable
{
    /// <summary>What the file says; null where it cannot be read.</summary>
    public PodRecord? Record => record;

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();
}
