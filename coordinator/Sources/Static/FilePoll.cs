using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Sources.Static;

/// <summary>
/// Waits for a file to change: by the kernel's notification, and, in case it fails to come (a network filesystem, no more watches), by
/// looking at the file at intervals.
/// </summary>
internal sealed class FilePoll : IDisposable
{
    private static readonly TimeSpan withWatch = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan without = TimeSpan.FromSeconds(1);

    private readonly string path;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim told = new(0);
    private readonly PathWatch? watch;
    private FileStatus? seen;

    /// <summary>Watches from now on.</summary>
    public FilePoll(string path, TimeProvider time)
    {
        this.path = path;
        this.time = time;
        try
        {
            watch = PathWatch.Start(Path.GetFullPath(path), () => told.Release());
        }
        catch (ErrnoException)
        {
            // Looking at it does.
        }
    }

    /// <summary>Call before the file is read: later modifications count as changes.</summary>
    public FileStatus? Look() => seen = FileDescriptor.FindStatus(path);

    /// <summary>True while a program writes the file in place: what is read of it now may be a part.</summary>
    public bool IsBeingWritten => watch is { IsBeingWritten: true };

    /// <summary>True if the file is another than at the last <see cref="Look"/>.</summary>
    public bool IsChanged => Status() != seen;

    /// <summary>
    /// Returns when the file may have changed since the last <see cref="Look"/>: a write right after it may have left the same time and
    /// size.
    /// </summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        var isTold = false;
        while (IsBeingWritten || (Status() == seen && !isTold))
            isTold = await WaitOnceAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<bool> WaitOnceAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var tell = told.WaitAsync(either.Token);
        var pause = Task.Delay(watch is null ? without : withWatch, time, either.Token);
        await Task.WhenAny(tell, pause).ConfigureAwait(false);
        await either.CancelAsync().ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        return tell.IsCompletedSuccessfully;
    }

    // A file that cannot be inspected now has not changed.
    private FileStatus? Status()
    {
        try
        {
            return FileDescriptor.FindStatus(path);
        }
        catch (ErrnoException)
        {
            return seen;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        watch?.Dispose();
        told.Dispose();
    }
}
