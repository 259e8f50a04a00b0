using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Volumes;

/// <summary>What all backends do in the same way.</summary>
/// <param name="policy">What the administrator allows.</param>
public abstract class Backend(VolumePolicy policy) : IVolumeBackend
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    private protected VolumePolicy Policy { get; } = policy;

    /// <summary>Sets the owner of a new directory; null leaves owner or group as they are.</summary>
    private protected static void Own(FileDescriptor made, uint? uid, uint? gid, uint mode)
    {
        if (uid is not null || gid is not null)
            made.SetOwner(uid, gid);
        // After the owner: chown(2) takes set-user-id and set-group-id away.
        made.SetDirectoryMode(mode);
    }

    /// <inheritdoc/>
    public abstract string Explain(PublishRequest request);

    /// <inheritdoc/>
    public abstract string Publish(PublishRequest request);

    /// <inheritdoc/>
    public virtual void Unpublish(string target)
    {
        using var locked = VolumeTarget.Lock(target, Policy);
        locked.Unpublish();
    }

    /// <inheritdoc/>
    public virtual long Expand(ExpandRequest request) => throw new VolumeException($"{Name}: the node does not grow volumes of this kind");

    /// <inheritdoc/>
    public FilesystemSpace Stats(string target)
    {
        try
        {
            using var directory = FileDescriptor.OpenDirectory(target);
            return directory.Space();
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From($"{Name}: cannot inspect {target}", e);
        }
    }
}
