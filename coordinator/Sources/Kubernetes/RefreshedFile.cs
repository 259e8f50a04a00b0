using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// A file that is replaced while it is used, as the kubelet replaces a token before it ends. It is read again once it is a minute old: the
/// kubelet swaps a symbolic link far above it, which neither the file's time nor a watch on it shows.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="time">The clock.</param>
/// <param name="advice">What to do if it is missing; null: unknown.</param>
internal sealed class RefreshedFile(string path, TimeProvider time, string? advice = null)
{
    private static readonly TimeSpan mostAge = TimeSpan.FromSeconds(60);

    private byte[]? content;
    private long readAt;

    /// <summary>Its content, at most a minute old; the old one if the file is gone meanwhile.</summary>
    /// <exception cref="ApiException">It cannot be read and never was.</exception>
    public byte[] Read()
    {
        if (content is not null && time.GetElapsedTime(readAt) <= mostAge)
            return content;
        try
        {
            using var file = FileDescriptor.OpenForReading(path);
            content = file.ReadToEnd();
            readAt = time.GetTimestamp();
        }
        catch (ErrnoException e) when (content is null)
        {
            throw new ApiException(advice is not null && e.Errno == Errno.ENOENT ? $"{path} is missing: {advice}" : e.Message, e);
        }
        catch (ErrnoException)
        {
            // The kubelet may be about to replace it: the old content may still work.
        }

        return content!;
    }
}
