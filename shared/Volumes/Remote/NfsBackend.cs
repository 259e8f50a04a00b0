using Plugboard.Addresses;
using Plugboard.Linux;
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
    public override RemoteServer ServerOf(PublishRequest request) => NfsPlan.From(request, Policy).Server;

    /// <inheritdoc/>
    public override string Explain(PublishRequest request)
    {
        var plan = NfsPlan.From(request, Policy);
        return $"mount NFS {string.Join(" or ", plan.Versions)} {plan.Source} on {request.Target} ({plan.Words.Attributes}): {Describe(plan.Words.Parameters)}";
    }

    /// <inheritdoc/>
    public override string Publish(PublishRequest request)
    {
        var plan = NfsPlan.From(request, Policy);
        using var target = VolumeTarget.Lock(request.Target, Policy);
        if (target.IsPublished(top => top.Type is "nfs" or "nfs4" && top.Source == plan.Source, plan.Source))
        {
            target.RequireAttributes(plan.Words.Attributes);
            target.Publish();
            return $"{plan.Source} is already mounted";
        }

        var address = plan.Server.Resolve(Name);
        plan.Server.RequireAnswer(Name, address);
        var version = MountAny(plan, address, target);
        target.Publish();
        return $"{plan.Source} is mounted by NFS {version}{(plan.IsSoft ? "; soft: what is written may be lost when the server is slow" : "")}";
    }

    private string MountAny(NfsPlan plan, IPAddr address, VolumeTarget target)
    {
        using var place = target.Prepare();
        for (var i = 0; ; i++)
        {
            var version = plan.Versions[i];
            try
            {
                var what = new FilesystemMount("nfs") { Source = plan.Source, Parameters = Parameters(plan, address, version), Attributes = plan.Words.Attributes };
                MountFilesystem(what, place, $"{plan.Source} by NFS {version}");
                return version;
            }
            catch (VolumeException e) when (i + 1 < plan.Versions.Count && e.InnerException is ErrnoException { Errno: Errno.EPROTONOSUPPORT or Errno.ECONNREFUSED })
            {
                // The server does not speak this version, or has no mountd, which version 3 asks; the next one is tried.
                continue;
            }
        }
    }

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

    private protected override string Advice(Errno errno) => errno switch
    {
        Errno.ENODEV => "the kernel has no NFS client (modprobe nfs on the node)",
        Errno.EACCES or Errno.EPERM => "the server refuses this node (its exports: the client's address, \"insecure\", sec=)",
        Errno.ENOENT => "the server has no such export (below an export with fsid=0 paths are relative to that)",
        Errno.ESTALE => "the export was made anew on the server: pods that use it must be restarted",
        Errno.EPROTONOSUPPORT => "the server or the kernel does not speak this version; set option \"vers\"",
        Errno.EBUSY => "the same export is mounted in another mode on this node; mountOptions: nosharecache",
        _ => "",
    };
}
