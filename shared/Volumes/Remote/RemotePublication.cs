using Plugboard.Addresses;
using Plugboard.Linux.Files;

namespace Plugboard.Volumes.Remote;

/// <summary>
/// The publication of one volume of a server: holds the lock of the pod's mount point, and the place to mount on. Disposed before
/// <see cref="Complete"/> it leaves nothing.
/// </summary>
internal sealed class RemotePublication : IDisposable
{
    private readonly VolumeTarget target;
    private readonly RemotePlan plan;

    private RemotePublication(VolumeTarget target, RemotePlan plan)
    {
        this.target = target;
        this.plan = plan;
    }

    /// <summary>The server's address.</summary>
    public IPAddr Address { get; private init; }

    /// <summary>Where to mount; null if the volume is mounted as it should be.</summary>
    public FileDescriptor? Place { get; private init; }

    /// <summary>Locks the mount point and finds the volume mounted, or a server that answers.</summary>
    /// <param name="kind">The backend's name, for messages, and the filesystem's types as mountinfo shows them.</param>
    /// <param name="plan">The volume.</param>
    /// <param name="path">The pod's mount point.</param>
    /// <param name="policy">What the administrator allows.</param>
    /// <exception cref="VolumeException">Something else is mounted there, or the server does not answer.</exception>
    public static RemotePublication Begin((string Backend, string[] Types) kind, RemotePlan plan, string path, VolumePolicy policy)
    {
        var locked = VolumeTarget.Lock(path, policy);
        try
        {
            if (locked.TryKeep(top => kind.Types.Contains(top.Type) && top.Source == plan.Source, plan.Source, plan.Words.Attributes))
                return new RemotePublication(locked, plan);
            var address = plan.Server.Resolve(kind.Backend);
            plan.Server.RequireAnswer(kind.Backend, address);
            return new RemotePublication(locked, plan) { Address = address, Place = locked.Prepare() };
        }
        catch
        {
            locked.Dispose();
            throw;
        }
    }

    /// <summary>The volume is mounted.</summary>
    /// <returns>The message.</returns>
    public string Complete(string how)
    {
        target.Publish();
        return $"{plan.Source} is mounted{how}";
    }

    /// <summary>The message for a volume that was mounted before.</summary>
    public string Kept => $"{plan.Source} is already mounted";

    /// <inheritdoc/>
    public void Dispose()
    {
        Place?.Dispose();
        target.Dispose();
    }
}
