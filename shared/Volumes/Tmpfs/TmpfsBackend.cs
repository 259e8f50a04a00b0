using System.Globalization;
using Plugboard.Linux;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Tmpfs;

/// <summary>Memory as a filesystem, gone with its pod.</summary>
/// <param name="policy">What the administrator allows.</param>
public sealed class TmpfsBackend(VolumePolicy policy) : Backend(policy)
{
    private const string Source = "flexvolume";

    /// <inheritdoc/>
    public override string Name => "tmpfs";

    /// <inheritdoc/>
    public override string Explain(PublishRequest request)
    {
        var plan = TmpfsPlan.From(request, Policy);
        return $"mount a tmpfs on {request.Target} ({plan.Attributes}): "
            + $"{string.Join(", ", plan.Parameters.Select(static p => p.Value is null ? p.Key : $"{p.Key}={p.Value}"))}";
    }

    /// <inheritdoc/>
    public override string Publish(PublishRequest request)
    {
        var plan = TmpfsPlan.From(request, Policy);
        using var target = VolumeTarget.Lock(request.Target, Policy);
        if (target.TryKeep(static top => top is { Type: "tmpfs", Source: Source }, "a tmpfs of ours", plan.Attributes))
            return "the tmpfs is already mounted";
        using var place = target.Prepare();
        try
        {
            new Mounting(Policy.MountApi).Filesystem(
                new FilesystemMount("tmpfs")
                {
                    Source = Source,
                    Parameters = plan.Parameters,
                    Attributes = plan.Attributes,
                },
                place
            );
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From("tmpfs: cannot mount", e);
        }

        target.Publish();
        return "a tmpfs is mounted";
    }

    /// <inheritdoc/>
    public override long Expand(ExpandRequest request)
    {
        using var target = VolumeTarget.Lock(request.Target, Policy);
        if (target.Top is not { Type: "tmpfs" } top)
            throw new VolumeException($"tmpfs: no tmpfs is mounted on {target.Path}");
        var present = Stats(target.Path).Bytes;
        if (request.Bytes <= present)
            return present;
        try
        {
            MountParameter size = new("size", request.Bytes.ToString(CultureInfo.InvariantCulture));
            new Mounting(Policy.MountApi).Reconfigure(target.Path, [size], top.Attributes);
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From($"tmpfs: cannot grow {target.Path}", e);
        }

        return Stats(target.Path).Bytes;
    }
}
