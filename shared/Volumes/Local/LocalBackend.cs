using System.Globalization;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Local;

/// <summary>Directories of the node, by a bind mount that cannot leave the allowed roots.</summary>
/// <param name="policy">What the administrator allows.</param>
public sealed class LocalBackend(VolumePolicy policy) : Backend(policy)
{
    /// <inheritdoc/>
    public override string Name => "local";

    /// <inheritdoc/>
    public override string Explain(PublishRequest request)
    {
        var plan = LocalPlan.From(request, Policy);
        if (plan.Trespass is not null)
            throw plan.Trespass;
        var created = plan.Create ? ", created if missing" : "";
        var limited = plan.Quota is { } quota ? string.Create(CultureInfo.InvariantCulture, $", limited to {quota} bytes") : "";
        return $"bind {plan.Place} on {request.Target} ({plan.Attributes}){created}{limited}";
    }

    /// <inheritdoc/>
    public override string Publish(PublishRequest request)
    {
        var plan = LocalPlan.From(request, Policy);
        using var target = VolumeTarget.Lock(request.Target, Policy);
        if (plan.Trespass is not null)
            return KeepOrRefuse(plan, target, plan.Trespass);
        using var source = OpenSource(plan);
        if (plan.Quota is not null)
            LocalQuota.Ensure(source, plan, Policy);
        if (target.TryKeep(top => IsOn(target.Path, top, source), plan.Place.ToString(), plan.Attributes))
            return $"{plan.Place} is already mounted";
        using var place = target.Prepare();
        try
        {
            new Mounting(Policy.MountApi).Bind(source, place, plan.Attributes);
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From($"local: cannot bind {plan.Place}", e);
        }

        target.Publish();
        return $"{plan.Place} is mounted";
    }

    // Mounted when there was no border, or when the roots were shared: the pod still runs and has it, and kubelet asks again after its
    // own restart.
    private string KeepOrRefuse(LocalPlan plan, VolumeTarget target, VolumeException trespass)
    {
        if (target.Top is null)
            throw trespass;
        using var source = OpenSource(plan with { Create = false, Reset = default });
        return target.TryKeep(top => IsOn(target.Path, top, source), plan.Place.ToString(), plan.Attributes)
            ? $"{plan.Place} is already mounted"
            : throw trespass;
    }

    /// <summary>Makes the quota larger; without one a directory has the room of its filesystem, and there is nothing to grow.</summary>
    public override long Expand(ExpandRequest request) =>
        request.Options.Find("quota") is null && !LocalQuota.IsLimited(request.Target)
            ? Stats(request.Target).Bytes
            : LocalQuota.Grow(request.Target, request.Bytes);

    // A remote mount is not inspected: its server may be dead.
    private static bool IsOn(string target, MountEntry top, FileDescriptor source)
    {
        var wanted = source.Status();
        return top.IsRemote
            ? wanted.Device == ((ulong)top.Major << 32 | top.Minor)
            : FileDescriptor.FindStatus(target) is { } status && status.IsSameFile(wanted);
    }

    private FileDescriptor OpenSource(LocalPlan plan)
    {
        using var root = plan.Place.Open(Name, Policy);
        try
        {
            var found = plan.Create
                ? root.EnsureDirectory(plan.Place.Inside, 0x1c0, made => Own(made, plan.Uid, plan.Gid, plan.Mode))
                : root.FindDirectory(plan.Place.Inside)
                    ?? throw new VolumeException(
                        $"local: {plan.Place} does not exist; create it on the node, or set option \"create\" to \"true\""
                    );
            if (plan.Reset is var (uid, gid, mode) && (uid ?? gid ?? mode) is not null)
                Own(found, uid, gid, mode ?? found.Status().Mode);
            return found;
        }
        catch (ErrnoException e)
        {
            throw plan.Place.Refused(Name, e);
        }
    }
}
