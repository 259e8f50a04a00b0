using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Flannel;

/// <summary>
/// The files of all attachments, where the reference has them. A file is made whole or not at all, without fsync: what a power cut makes of
/// it is understood by DEL, and waiting for the disk would cost each pod more than all the rest.
/// </summary>
internal sealed class StateDirectory : IDisposable
{
    private const uint DirectoryMode = 0x1C0; // 0700
    private const uint FileMode = 0x180; // 0600
    private const int UsualSize = 4096;
    private const int LargestSize = 1 << 20;

    private readonly FileDirectory directory;

    private StateDirectory(FileDirectory directory) => this.directory = directory;

    /// <summary>The directory, for messages.</summary>
    public string Path => directory.Path;

    /// <summary>Opens it; it is made where it is missing.</summary>
    public static StateDirectory Ensure(string path) => new(FileDirectory.Ensure(path, DirectoryMode));

    /// <summary>Opens it; null if it is missing.</summary>
    public static StateDirectory? Find(string path) => FileDirectory.Find(path) is { } found ? new StateDirectory(found) : null;

    /// <summary>What is kept of the attachment that is called for; null if nothing is.</summary>
    public AttachmentState? Find(CniRequest request) =>
        Read(AttachmentState.LongNameOf(request)) ?? (Read(request.ContainerId) is { } state && state.IsOf(request) ? state : null);

    /// <summary>The file under the reference's name, whichever attachment it is of; null if absent.</summary>
    public AttachmentState? FindByContainer(string containerId) => Read(containerId);

    /// <summary>
    /// Keeps an attachment's config under the reference's name or, where that is another attachment's, under one of its own.
    /// </summary>
    /// <returns>The file's name.</returns>
    public string Keep(CniRequest request, byte[] content)
    {
        var longName = AttachmentState.LongNameOf(request);
        using var file = directory.CreateUnnamed(content, FileMode, $".{longName}");
        if (file.TryLink(request.ContainerId))
            return request.ContainerId;
        if (Read(request.ContainerId) is { Config: null })
        {
            Replace(request.ContainerId, content);
            return request.ContainerId;
        }

        if (!file.TryLink(longName))
            Replace(longName, content);
        return longName;
    }

    /// <summary>Puts another config into an attachment's file.</summary>
    /// <returns>The file's name.</returns>
    public string Replace(string fileName, byte[] content)
    {
        directory.Replace(fileName, content, FileMode);
        return fileName;
    }

    /// <summary>Forgets an attachment.</summary>
    public void Remove(string fileName) => directory.Remove(fileName);

    /// <summary>Every attachment's, also those that cannot be read.</summary>
    public IEnumerable<AttachmentState> List()
    {
        foreach (var name in directory.ReadNames())
        {
            if (!name.StartsWith('.') && Read(name) is { } state)
                yield return state;
        }
    }

    // Null if absent, or not a file.
    private AttachmentState? Read(string name)
    {
        var buffer = new byte[UsualSize];
        while (true)
        {
            if (directory.FindContent(name, buffer) is not (>= 0 and var length))
                return null;
            if (length < buffer.Length || length >= LargestSize)
                return AttachmentState.Read(name, buffer[..length]);
            buffer = new byte[buffer.Length * 8];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => directory.Dispose();
}
