using Plugboard.Linux;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Remote;

/// <summary>
/// SMB by the kernel's client, without mount.cifs and its keyutils. User name and password go to the kernel one by one (fsconfig), so any character may be
/// in them, and nobody sees them on a command line.
/// </summary>
/// <param name="policy">What the administrator allows.</param>
public sealed class CifsBackend(VolumePolicy policy) : RemoteBackend(policy)
{
    /// <inheritdoc/>
    public override string Name => "cifs";

    /// <inheritdoc/>
    public override string Explain(PublishRequest request)
    {
        var plan = PlanOf(request);
        return $"mount SMB {plan.Source} on {request.Target} ({plan.Words.Attributes}): {Describe(plan.Words.Parameters)}";
    }

    /// <inheritdoc/>
    public override string Publish(PublishRequest request)
    {
        var plan = PlanOf(request);
        return Publish(plan, request.Target, ["cifs", "smb3"], (address, place) =>
        {
            var parameters = new List<MountParameter> { new("ip", TextOf(address)) };
            AddIdentity(parameters, plan, request.Secrets);
            parameters.AddRange(plan.Words.Parameters);
            var what = new FilesystemMount("cifs") { Source = plan.Source, Parameters = parameters, Attributes = plan.Words.Attributes };
            MountRemote(what.Type, plan.Source, mounting => mounting.Filesystem(what, place), errno => Advice(plan, errno));
            return "";
        });
    }

    private protected override CifsPlan PlanOf(PublishRequest request) => CifsPlan.From(request, Policy);

    private static void AddIdentity(List<MountParameter> parameters, CifsPlan plan, IReadOnlyDictionary<string, Secret> secrets)
    {
        if (plan.IsGuest)
        {
            parameters.Add(new("sec", "none"));
            return;
        }

        foreach (var key in (string[])["username", "password", "domain"])
        {
            if (secrets.TryGetValue(key, out var secret) && secret.Reveal() is { Length: > 0 } value)
                parameters.Add(new(key, value));
        }
    }

    private static string Advice(CifsPlan plan, Errno errno) => errno switch
    {
        Errno.EINVAL or Errno.ENOKEY or Errno.EOPNOTSUPP when plan.IsKerberos =>
            "sec=krb5 wants a kernel with CIFS_UPCALL, cifs.upcall (cifs-utils, keyutils) and a ticket on the node, which are not ours",
        Errno.EINVAL when plan.HasContext => "selinuxEnabled wants SELinux in the node's kernel",
        Errno.ENODEV => "the kernel has no CIFS client (modprobe cifs on the node)",
        Errno.EACCES or Errno.EPERM => "the server refuses user name or password",
        Errno.ENOENT => "there is no such share, or the kernel lacks modules for its cryptography (cmac, ccm, gcm, sha512, hmac, md5, nls_utf8)",
        Errno.EHOSTDOWN => "the server is gone or does not speak this version of SMB; set option \"vers\"",
        Errno.EOPNOTSUPP => "the server does not speak this version of SMB; set option \"vers\"",
        _ => "",
    };
}
