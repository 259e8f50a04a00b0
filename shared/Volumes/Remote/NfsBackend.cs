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
        var plan = NfsPlan.From(request, Policy);
        var made = plan.Places.Any(static place => place is { Create: true, SubDirectory.Length: > 0 }) ? ", created if missing," : "";
        return $"mount NFS {string.Join(" or ", plan.Versions)} {plan.Source}{made} on {request.Target} "
            + $"({plan.Words.Attributes}): {Describe(plan.Words.Parameters)}";
    }

    /// <inheritdoc/>
    public override string Publish(PublishRequest request)
    {
        var plan = NfsPlan.From(request, Policy);
        using var publication = RemotePublication.Begin((Name, ["nfs", "nfs4"]), plan, request.Target, Policy);
        if (publication.Place is not { } place)
            return publication.Kept;
        KernelModule.TryLoad("nfs");
        var version = MountAny(plan, publication.Address, place);
        return publication.Complete(
            $" by NFS {version}{(plan.IsSoft ? "; soft: what is written may be lost when the server is slow" : "")}"
        );
    }

    /// <inheritdoc/>
    public override RemoteServer ServerOf(PublishRequest request) => NfsPlan.From(request, Policy).Server;

    private string MountAny(NfsPlan plan, IPAddr address, FileDescriptor place)
    {
        VolumeException? first = null;
        foreach (var where in plan.Places)
        {
            try
            {
                return MountAny(plan, where, address, place);
            }
            catch (VolumeException e) when (e.InnerException is ErrnoException { Errno: Errno.ENOENT or Errno.EACCES or Errno.EPERM })
            {
                // The server has no such export, or does not give it to us: it may give one above it.
                first ??= e;
            }
        }

        throw first!;
    }

    // The error of a server without the version is reported only if there is no better one.
    private string MountAny(NfsPlan plan, NfsPlace where, IPAddr address, FileDescriptor place)
    {
        VolumeException? told = null;
        for (var i = 0; ; )
        {
            var version = plan.Versions[i];
            try
            {
                if (version == "3")
                    RequireMountd(plan, address);
                var what = new FilesystemMount("nfs")
                {
                    Source = where.Export,
                    Parameters = Parameters(plan, address, version),
                    Attributes = plan.Words.Attributes,
                };
                Mount(plan, where, what, place);
                return version;
            }
            catch (VolumeException e)
            {
                var cause = e.InnerException as ErrnoException;
                if (cause is not null && !NfsVersions.IsOfVersion(cause))
                    told ??= e;
                i = cause is null ? -1 : NfsVersions.Next(plan.Versions, i, cause);
                if (i < 0)
                    throw told ?? e;
            }
        }
    }

    // The kernel would wait for minutes. If mountd's port is not given, the kernel asks rpcbind for it.
    private void RequireMountd(NfsPlan plan, IPAddr address)
    {
        var errno = plan.Mountd.Probe(plan.Mountd.Name == plan.Server.Name ? address : plan.Mountd.Resolve(Name));
        if (errno == Errno.None)
            return;
        throw new VolumeException(
            $"{Name}: NFS 3 needs mountd of {plan.Mountd.Name} ({plan.Mountd.Describe(errno)}); "
                + "mountOptions can give its port (mountport)",
            new ErrnoException("connect", plan.Mountd.Name, Errno.ECONNREFUSED)
        );
    }

    private void Mount(NfsPlan plan, NfsPlace where, FilesystemMount what, FileDescriptor place)
    {
        try
        {
            var mounting = new Mounting(Policy.MountApi);
            if (where.SubDirectory.Length == 0)
                mounting.Filesystem(what, place);
            else
                MountSubDirectory(mounting, plan, where, what, place);
        }
        catch (ErrnoException e)
        {
            var version = what.Parameters.First(static parameter => parameter.Key == "vers").Value;
            throw Refused($"{where.Export} by NFS {version}", e, Advice(plan, e.Errno));
        }
    }

    // Of an export only the sub-directory is ever in the pod's sight, and no link on the way to it is followed: other pods may write to its
    // parent.
    private static void MountSubDirectory(Mounting mounting, NfsPlan plan, NfsPlace where, FilesystemMount what, FileDescriptor place)
    {
        using var export = mounting.FindDetached(what);
        if (export is null)
        {
            MountBefore52(mounting, where, what, place);
            return;
        }

        using var inside = OpenSubDirectory(plan, where, export.Root);
        using var part = export.Part(inside);
        part.MoveTo(place);
    }

    private static void MountBefore52(Mounting mounting, NfsPlace where, FilesystemMount what, FileDescriptor place)
    {
        if (where.Create)
            throw new VolumeException($"nfs: creating {where.Source} needs Linux 5.2 on the node; create it on the server");
        mounting.Filesystem(what with { Source = where.Source }, place);
    }

    private static FileDescriptor OpenSubDirectory(NfsPlan plan, NfsPlace where, FileDescriptor export)
    {
        try
        {
            using var root = ConfinedDirectory.Of(export.ReopenPlace());
            if (where.Create)
                return root.EnsureDirectory(where.SubDirectory, 0x1c0, made => Own(made, plan.Uid, plan.Gid, plan.Mode));
            return root.FindDirectory(where.SubDirectory)
                ?? throw new VolumeException(
                    $"nfs: {where.Export} has no directory \"{where.SubDirectory}\"; create it on the server, "
                        + "or set option \"create\" to \"true\""
                );
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From(
                $"nfs: cannot open subDir \"{where.SubDirectory}\" of {where.Export}",
                e,
                SubDirectoryAdvice(e.Errno)
            );
        }
    }

    private static string SubDirectoryAdvice(Errno errno) =>
        errno switch
        {
            Errno.ELOOP => "the path has a symbolic link, which is not followed",
            Errno.EXDEV => "it leads out of the export",
            Errno.EACCES or Errno.EPERM =>
                "the server maps the node's root to a user without permission (root_squash); create it on the server",
            Errno.EROFS => "the volume is read-only; create it on the server",
            _ => "",
        };

    private List<MountParameter> Parameters(NfsPlan plan, IPAddr address, string version)
    {
        List<MountParameter> parameters = [new("vers", version), new("addr", TextOf(address)), new("proto", Protocol(plan, address))];
        if (version == "3")
        {
            // Locking would need rpc.statd on the node: without it locks are the node's own.
            var mountd = plan.Mountd.Name == plan.Server.Name ? address : plan.Mountd.Resolve(Name);
            parameters.Add(new("mountaddr", TextOf(mountd)));
            parameters.Add(new("mountproto", mountd.Is6 ? "tcp6" : "tcp"));
            parameters.Add(new("nolock", null));
            parameters.AddRange(plan.OfMountd);
        }
        else if (!plan.Words.Has("clientaddr") && InternetSocket.FindOwnAddress(address) is { } own)
            parameters.Add(new("clientaddr", TextOf(own)));
        parameters.AddRange(plan.Words.Parameters);
        return parameters;
    }

    // The kernel takes the name of the transport for the address's family, too.
    private static string Protocol(NfsPlan plan, IPAddr address) =>
        (plan.Protocol, address.Is6) switch
        {
            (null, _) => address.Is6 ? "tcp6" : "tcp",
            ({ } name, true) => name.EndsWith('6') ? name : name + "6",
            ({ } name, false) => !name.EndsWith('6')
                ? name
                : throw new VolumeException(
                    $"nfs: proto={name} wants an IPv6 address, and server {plan.Server.Name} is {address} here; " + "write its IPv6 address"
                ),
        };

    private static string Advice(NfsPlan plan, Errno errno) =>
        errno switch
        {
            // The kernel has no word for it: it says what it could not do without.
            Errno.EINVAL or Errno.EACCES or Errno.EPERM or Errno.ENOKEY or Errno.EPROTONOSUPPORT or Errno.EIO when plan.IsKerberos =>
                "sec=krb5 wants rpc.gssd with a keytab on the node, which is not ours",
            Errno.ENODEV => "the kernel has no NFS client (modprobe nfs on the node)",
            Errno.EACCES or Errno.EPERM => "the server refuses this node (its exports: the path, the client's address, \"insecure\", sec=)",
            Errno.ENOENT => "the server has no such export (below an export with fsid=0 paths are relative to that)",
            Errno.ESTALE => "the server no longer has the directory behind this path",
            Errno.EPROTONOSUPPORT => "the server or the kernel does not speak this version; set option \"vers\"",
            Errno.EBUSY => "if the export is mounted in another mode on this node, mountOptions: nosharecache",
            _ => "",
        };
}
