using System.Globalization;

namespace Plugboard.Linux.Files;

/// <summary>Another process held a lock for longer than the limit.</summary>
/// <param name="path">The locked file.</param>
/// <param name="waited">The limit.</param>
/// <param name="holder">The holder's process id, if /proc/locks shows it.</param>
public sealed class FileLockTimeoutException(string path, TimeSpan waited, int? holder)
    : Exception(
        $"timed out after {waited.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s waiting for the lock {path}"
            + (holder is null ? "" : $", held by process {holder.Value.ToString(CultureInfo.InvariantCulture)}")
    )
{
    /// <summary>The locked file.</summary>
    public string Path { get; } = path;

    /// <summary>How long we waited.</summary>
    public TimeSpan Waited { get; } = waited;

    /// <summary>The holder's process id, if /proc/locks shows it.</summary>
    public int? Holder { get; } = holder;
}
