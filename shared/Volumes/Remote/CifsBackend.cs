using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Remote;

/// <summary>
/// SMB by the kernel's client, without mount.cifs and its keyutils. User name and password go to the kernel one by one (fsconfig), so any
/// character may be in them, and no command line shows them.
/// </summary>
/// <param name="policy">What the administrator allows.</param>
public sealed class CifsBackend(VolumePolicy policy) : RemoteBackend(policy)
{
    /// <inheritdoc/>
    public override string Name => "cifs";

    /// <inheritdoc/>
    public override string Explain(PublishRequest request)
    {
        var plan = CifsPlan.From(request, Policy);
        _ = plan.Identity.Read(Name);
        var domain = plan.Domain is { Length: > 0 } told ? $"; domain {told}" : "";
        var words = Describe(WithNumbers(plan.Words.Parameters));
        return $"mount SMB {plan.Source} on {request.Target} ({plan.Words.Attributes}): {words}{domain}";
    }

    /// <inheritdoc/>
    public override string Publish(PublishRequest request)
    {
        var plan = CifsPlan.From(request, Policy);
        using var publication = RemotePublication.Begin((Name, ["cifs", "smb3"]), plan, request.Target, Policy);
        if (publication.Place is not { } place)
            return publication.Kept;
        var what = new FilesystemMount("cifs")
        {
            Source = plan.Source,
            Parameters = Parameters(plan, publication.Address),
            Attributes = plan.Words.Attributes,
        };
        KernelModule.TryLoad(what.Type);
        try
        {
            new Mounting(Policy.MountApi).Filesystem(what, place);
        }
        catch (ErrnoException e)
        {
            throw Refused(plan.Source, e, Advice(plan, e.Errno));
        }

        return publication.Complete("");
    }

    /// <inheritdoc/>
    public override RemoteServer ServerOf(PublishRequest request) => CifsPlan.From(request, Policy).Server;

    private List<MountParameter> Parameters(CifsPlan plan, IPAddr address)
    {
        var parameters = new List<MountParameter> { new("ip", TextOf(address)) };
        if (plan.IsGuest)
            parameters.Add(new("sec", "none"));
        else
            parameters.AddRange(plan.Identity.Read(Name).ToParameters(Name));
        parameters.AddRange(WithNumbers(plan.Words.Parameters));
        return parameters;
    }

    // The kernel takes numbers only.
    private IEnumerable<MountParameter> WithNumbers(IReadOnlyList<MountParameter> parameters) =>
        parameters.Select(parameter =>
            parameter is { Key: "uid" or "gid" or "cruid" or "backupuid" or "backupgid", Value: { } value }
                ? parameter with
                {
                    Value = NodeAccounts.NumberOf(Name, parameter.Key, value),
                }
                : parameter
        );

    private static string Advice(CifsPlan plan, Errno errno) =>
        errno switch
        {
            Errno.EINVAL or Errno.ENOKEY or Errno.EOPNOTSUPP when plan.IsKerberos =>
                "sec=krb5 wants a kernel with CIFS_UPCALL, cifs.upcall (cifs-utils, keyutils) and a ticket on the node, which are not ours",
            Errno.EINVAL when plan.HasContext && FileDescriptor.FindStatus("/sys/fs/selinux/enforce") is null =>
                "selinuxEnabled wants SELinux in the node's kernel",
            Errno.ENODEV => "the kernel has no CIFS client (modprobe cifs on the node)",
            Errno.EACCES or Errno.EPERM =>
                "the server refuses this user: the name, the password, the domain, or the user's right to the share",
            Errno.ENOENT => "no such share or directory, or the kernel is without modules for its cryptography (cmac, ccm, gcm, sha512, "
                + "hmac, md5, nls_utf8)",
            Errno.EOPNOTSUPP => $"the server does not speak {Version(plan)}; option \"vers\" sets the version",
            Errno.EHOSTDOWN or Errno.ECONNRESET =>
                $"the server ended the connection; some do so if they do not speak {Version(plan)}, and option \"vers\" sets the version",
            _ => "",
        };

    private static string Version(CifsPlan plan) =>
        plan.Words.Parameters.FirstOrDefault(static parameter => parameter.Key == "vers").Value is { } version
            ? $"SMB {version}"
            : "SMB 2.1 or later, which the kernel offers";
}
