using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Uds;

/// <summary>
/// A directory per pod, below the node agent's home, where the agent puts a socket for it: the pod sees it as <c>nodeagent</c> in a small
/// tmpfs, and the agent finds who the pod is in a file. The layout is that of Calico's pod2daemon: <c>&lt;home&gt;/mount/&lt;uid&gt;</c>
/// and
/// <c>&lt;home&gt;/creds/&lt;uid&gt;.json</c>.
/// </summary>
/// <param name="policy">The homes.</param>
public sealed class UdsBackend(VolumePolicy policy) : Backend(policy)
{
    private const string Inside = "nodeagent";
    private const uint WorkloadMode = 0x1ff;
    private static readonly MountParameter[] parameters = [new("size", "8k"), new("mode", "0755")];

    /// <inheritdoc/>
    public override string Name => "uds";

    private string WorkloadDirectory => Policy.ManagementHome + Policy.WorkloadHome;

    private string CredentialsDirectory => Policy.ManagementHome + Policy.CredentialsHome;

    /// <inheritdoc/>
    public override string Explain(PublishRequest request)
    {
        var uid = RequireUid(request);
        return $"make {WorkloadDirectory}/{uid} and {CredentialsDirectory}/{uid}.json, and show the directory as {request.Target}/{Inside}";
    }

    /// <inheritdoc/>
    public override string Publish(PublishRequest request)
    {
        var uid = RequireUid(request);
        request.Options.RequireKnown(Name, []);
        using var target = VolumeTarget.Lock(request.Target, Policy);
        try
        {
            using var workload = OpenWorkload(uid);
            WriteCredentials(uid, request.Pod);
            // Both steps are looked at, because a call may have been killed between them.
            var wasThere = target.IsPublished(static top => top.Type == "tmpfs", "a tmpfs with the node agent's socket directory");
            if (!wasThere)
                MountOuter(target);
            MountInnerOrUndo(target.Path, workload, undo: !wasThere);
            target.Publish();
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From("uds: cannot set up the socket directory", e);
        }

        return $"{WorkloadDirectory}/{uid} is mounted";
    }

    /// <inheritdoc/>
    public override void Unpublish(string target)
    {
        using var locked = VolumeTarget.Lock(target, Policy);
        locked.Unpublish();
        if (FindUid(locked.Path) is not { } uid)
            return;
        using (var credentials = FileDirectory.Find(CredentialsDirectory))
            credentials?.Remove(uid + ".json");
        // What the agent left in it is the agent's.
        var errno = FileDirectory.TryRemoveDirectory($"{WorkloadDirectory}/{uid}");
        if (errno is not (Errno.None or Errno.ENOENT or Errno.ENOTEMPTY or Errno.EEXIST))
            throw VolumeException.From($"uds: cannot remove {WorkloadDirectory}/{uid}", new ErrnoException("rmdir", uid, errno));
    }

    private FileDescriptor OpenWorkload(string uid)
    {
        FileDirectory.Ensure(WorkloadDirectory, 0x1ed).Dispose();
        using var home = ConfinedDirectory.Open(WorkloadDirectory);
        return home.EnsureDirectory(uid, 0x1c0, static made => made.SetDirectoryMode(WorkloadMode));
    }

    private void WriteCredentials(string uid, VolumePod pod)
    {
        using var directory = FileDirectory.Ensure(CredentialsDirectory, 0x1c0);
        var content = Encoding.UTF8.GetBytes(
            $$"""{"UID":{{Quote(uid)}},"Workload":{{Quote(pod.Name)}},"Namespace":{{Quote(pod.Namespace)}},"""
                + $$"""
                "ServiceAccount":{{Quote(pod.ServiceAccount)}}}
                """
        );
        var present = new byte[content.Length + 1];
        if (directory.FindContent(uid + ".json", present) == content.Length && present.AsSpan(0, content.Length).SequenceEqual(content))
            return;
        directory.Remove(uid + ".json");
        using var file = directory.CreateUnnamed(content, 0x180);
        file.TryLink(uid + ".json");
    }

    // Names of Kubernetes objects contain neither quotes nor control characters; other names are invalid.
    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c is '"' or '\\')
                quoted.Append('\\');
            if (c >= ' ')
                quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    private void MountOuter(VolumeTarget target)
    {
        using var place = target.Prepare();
        new Mounting(Policy.MountApi).Filesystem(
            new FilesystemMount("tmpfs")
            {
                Source = "flexvolume",
                Parameters = parameters,
                Attributes = Policy.ForcedAttributes,
            },
            place
        );
    }

    private void MountInnerOrUndo(string target, FileDescriptor workload, bool undo)
    {
        try
        {
            MountInner(target, workload);
        }
        catch (ErrnoException) when (undo)
        {
            Unmounting.PeelAll(target);
            throw;
        }
    }

    private void MountInner(string target, FileDescriptor workload)
    {
        var inner = $"{target}/{Inside}";
        if (MountTable.ReadAt(inner).FindTop(inner) is not null)
            return;
        FileDirectory.Ensure(inner, 0x1ed).Dispose();
        using var place = FileDescriptor.OpenPath(inner);
        new Mounting(Policy.MountApi).Bind(workload, place, Policy.ForcedAttributes);
    }

    private string RequireUid(PublishRequest request)
    {
        var uid = request.Pod.Uid.Length > 0 ? request.Pod.Uid : FindUid(request.Target);
        return uid is not null && IsUid(uid)
            ? uid
            : throw new VolumeException($"{Name}: the pod's uid \"{uid}\" is neither a UUID nor the hash of a static pod");
    }

    /// <summary>The name after <c>pods</c> in a path, where it is a pod's uid: kubelet's directory may be anywhere.</summary>
    internal static string? FindUid(string target)
    {
        var names = target.Split('/');
        var at = Array.LastIndexOf(names, "pods");
        return at >= 0 && at + 1 < names.Length && IsUid(names[at + 1]) ? names[at + 1] : null;
    }

    // RFC 4122, or the 32 hexadecimal digits of a static pod.
    private static bool IsUid(string text)
    {
        if (text.Length is not (32 or 36))
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            var dash = text.Length == 36 && i is (8 or 13 or 18 or 23);
            if (dash ? text[i] != '-' : !char.IsAsciiHexDigit(text[i]))
                return false;
        }

        return true;
    }
}
