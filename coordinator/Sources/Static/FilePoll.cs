using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Sources.Static;

/// <summary>Notices that a path leads to another file, or the file to other content: it looks once a second at what statx(2) tells.</summary>
internal sealed class FilePoll(string path, TimeProvider time)
{
    private static readonly TimeSpan interval = TimeSpan.FromSeconds(1);
    private FileStatus? seen;

    /// <summary>To be called before the file is read: what changes from now on is a change.</summary>
    public FileStatus? Look() => seen = FileDescriptor.FindStatus(path);

    /// <summary>Returns once the file is another than at the last <see cref="Look"/>.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        while (Status() == seen)
            await Task.Delay(interval, time, cancellation).ConfigureAwait(false);
    }

    // What cannot be looked at now has not changed.
    private FileStatus? Status()
    {
        try
        {
            return FileDescriptor.FindStatus(path);
        }
        catch (Linux.ErrnoException)
        {
            return seen;
        }
    }
}
