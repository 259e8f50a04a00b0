using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Linux.Sockets;

namespace Plugboard.Volumes.Remote;

/// <summary>NFS 4.2 to 3 by the kernel's client, without mount.nfs.</summary>
/// <param name="policy">What the administrator allows.</param>
public sealed class NfsBackend(VolumePolicy policy) : RemoteBackend(policy)
{
    /// <inheritdoc/>
    public override string Name => "nfs";

    /// <inheritdoc/>
    public override string Explain(PublishRequest request)
    {
        var plan = PlanOf(request);
        return $"mount NFS {string.Join(" or ", plan.Versions)} {plan.Source}{(plan.Create && plan.SubDirectory.Length > 0 ? ", made where it is missing," : "")} on {request.Target} ({plan.Words.Attributes}): {Describe(plan.Words.Parameters)}";
    }

    /// <inheritdoc/>
    public override string Publish(PublishRequest request)
    {
        var plan = PlanOf(request);
        return Publish(plan, request.Target, ["nfs", "nfs4"], (address, place) =>
            $" by NFS {MountAny(plan, address, place)}{(plan.IsSoft ? "; soft: what is written may be lost when the server is slow" : "")}");
    }

    private protected override NfsPlan PlanOf(PublishRequest request) => NfsPlan.From(request, Policy);

    private string MountAny(NfsPlan plan, IPAddr address, FileDescriptor place)
    {
        for (var i = 0; ; i++)
        {
            var version = plan.Versions[i];
            try
            {
                var what = new FilesystemMount("nfs") { Source = plan.Export, Parameters = Parameters(plan, address, version), Attributes = plan.Words.Attributes };
                MountRemote(what.Type, $"{plan.Export} by NFS {version}", mounting => Mount(mounting, plan, what, place), errno => Advice(plan, errno));
                return version;
            }
            catch (VolumeException e) when (i + 1 < plan.Versions.Count && e.InnerException is ErrnoException { Errno: Errno.EPROTONOSUPPORT or Errno.ECONNREFUSED })
            {
                // The server does not speak this version, or has no mountd, which version 3 asks; the next one is tried.
                continue;
            }
        }
    }

    // Of an export only the sub-directory is ever in the pod's sight, and no link on the way to it is followed: other pods may write to its parent.
    private static void Mount(Mounting mounting, NfsPlan plan, FilesystemMount what, FileDescriptor place)
    {
        if (plan.SubDirectory.Length == 0)
            mounting.Filesystem(what, place);
        else if (!mounting.TryPart(what, export => OpenSubDirectory(plan, export), place))
            MountBefore52(mounting, plan, what, place);
    }

    private static void MountBefore52(Mounting mounting, NfsPlan plan, FilesystemMount what, FileDescriptor place)
    {
        if (plan.Create)
            throw new VolumeException($"nfs: option \"create\" wants Linux 5.2 on the node; make {plan.Source} on the server");
        mounting.Filesystem(what with { Source = plan.Source }, place);
    }

    private static FileDescriptor OpenSubDirectory(NfsPlan plan, FileDescriptor export)
    {
        try
        {
            using var root = ConfinedDirectory.Of(export.ReopenPlace());
            return (plan.Create ? root.EnsureDirectory(plan.SubDirectory, 0x1c0, made => Own(made, plan.Uid, plan.Gid, plan.Mode)) : root.FindDirectory(plan.SubDirectory))
                ?? throw new VolumeException($"nfs: {plan.Export} has no directory \"{plan.SubDirectory}\"; make it on the server, or set option \"create\" to \"true\"");
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From($"nfs: cannot open subDir \"{plan.SubDirectory}\" of {plan.Export}", e, SubDirectoryAdvice(e.Errno));
        }
    }

    private static string SubDirectoryAdvice(Errno errno) => errno switch
    {
        Errno.ELOOP => "a symbolic link is on the way, which is not followed",
        Errno.EXDEV => "it leads out of the export",
        Errno.EACCES or Errno.EPERM => "the server takes the node's root for somebody who may not (root_squash); make it on the server",
        Errno.EROFS => "the volume is read-only; make it on the server",
        _ => "",
    };

    private static List<MountParameter> Parameters(NfsPlan plan, IPAddr address, string version)
    {
        var parameters = new List<MountParameter> { new("vers", version), new("addr", TextOf(address)) };
        var hasProtocol = false;
        foreach (var word in plan.Words.Parameters)
            hasProtocol |= word.Key is "proto" or "tcp";
        if (!hasProtocol)
            parameters.Add(new("proto", address.Is6 ? "tcp6" : "tcp"));
        if (version == "3")
        {
            // Locking would need rpc.statd on the node: without it locks are the node's own.
            parameters.Add(new("mountaddr", TextOf(address)));
            parameters.Add(new("mountproto", address.Is6 ? "tcp6" : "tcp"));
            parameters.Add(new("nolock", null));
        }
        else if (InternetSocket.FindOwnAddress(address) is { } own)
            parameters.Add(new("clientaddr", TextOf(own)));
        parameters.AddRange(plan.Words.Parameters);
        return parameters;
    }

    private static string Advice(NfsPlan plan, Errno errno) => errno switch
    {
        // The kernel has no word for it: it says what it could not do without.
        _ when plan.IsKerberos => "sec=krb5 wants rpc.gssd with a keytab on the node, which is not ours",
        Errno.ENODEV => "the kernel has no NFS client (modprobe nfs on the node)",
        Errno.EACCES or Errno.EPERM => "the server refuses this node (its exports: the client's address, \"insecure\", sec=)",
        Errno.ENOENT => "the server has no such export (below an export with fsid=0 paths are relative to that)",
        Errno.ESTALE => "the export was made anew on the server: pods that use it must be restarted",
        Errno.EPROTONOSUPPORT => "the server or the kernel does not speak this version; set option \"vers\"",
        Errno.EBUSY => "the same export is mounted in another mode on this node; mountOptions: nosharecache",
        _ => "",
    };
}
