using Plugboard.Linux.Files;
using Plugboard.Volumes.Options;

namespace Plugboard.Volumes;

/// <summary>
/// One kind of volume on this node. Each call is idempotent, as CSI demands of NodePublishVolume and its like: done twice it succeeds
/// twice, and repeating a killed call repairs its leftovers. No call depends on its caller: FlexVolume, CSI or a person.
/// </summary>
public interface IVolumeBackend
{
    /// <summary>Its name, the first word of its messages.</summary>
    string Name { get; }

    /// <summary>What <see cref="Publish"/> would do, in a few lines; reads all options and changes nothing.</summary>
    /// <exception cref="VolumeException">It would be refused.</exception>
    string Explain(PublishRequest request);

    /// <summary>Mounts the volume on its target; on failure all is as before.</summary>
    /// <returns>A sentence of what is there now.</returns>
    /// <exception cref="VolumeException">It cannot be.</exception>
    string Publish(PublishRequest request);

    /// <summary>
    /// Takes away whatever is mounted on the target, and the directory. Nothing there is success. Deletes no file of the volume.
    /// </summary>
    /// <exception cref="VolumeException">It is busy, or its directory is not empty.</exception>
    void Unpublish(string target);

    /// <summary>Grows the volume to the requested size; never shrinks it.</summary>
    /// <returns>Its size in bytes now.</returns>
    /// <exception cref="VolumeException">It cannot grow.</exception>
    long Expand(ExpandRequest request);

    /// <summary>How full the volume is. Waits where its server does not answer.</summary>
    FilesystemSpace Stats(string target);
}

/// <summary>A request to enlarge a volume.</summary>
/// <param name="Target">The volume's mount point.</param>
/// <param name="Options">The options of the volume; may be empty if the caller no longer has them.</param>
/// <param name="Bytes">The least size.</param>
public sealed record ExpandRequest(string Target, VolumeOptions Options, long Bytes);
