using Plugboard.Drivers;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes.Options;

namespace Plugboard.Installer.FlexVolume.Conversion;

/// <summary>Which CSI driver takes a volume, and how its options are called there.</summary>
internal sealed record CsiTarget(string Driver, string Install)
{
    // With a CSI driver the credentials are in the Secret, and the share's name is an attribute.
    private static readonly string[] notForCsi = ["username", "user", "password", "pass", "credentials", "cred", "unc", "target", "path"];

    /// <summary>volumeAttributes.</summary>
    public List<(string Key, string Value)> Attributes { get; } = [];

    /// <summary>spec.mountOptions, which FlexVolume did not allow.</summary>
    public List<string> MountOptions { get; } = [];

    /// <summary>What is different; empty where nothing is.</summary>
    public string Remark { get; private set; } = "";

    /// <summary>The target for a driver's options; null where no CSI driver does what it does.</summary>
    /// <exception cref="FlexException">An option is missing.</exception>
    public static CsiTarget? Find(DriverName name, VolumeOptions options) =>
        Dialect.Find(name)!.Backend switch
        {
            "nfs" => Nfs(name, options),
            "cifs" => Cifs(options),
            _ => null,
        };

    // github.com/kubernetes-csi/csi-driver-nfs, docs/driver-parameters.md.
    private static CsiTarget Nfs(DriverName name, VolumeOptions options)
    {
        var (server, share) = (options.Find("server")?.Trim() ?? "", options.Find("share") ?? "");
        if (options.Find("source") is { } source)
        {
            var at = source.StartsWith('[')
                ? source.IndexOf("]:", StringComparison.Ordinal) + 1
                : source.IndexOf(":/", StringComparison.Ordinal);
            (server, share) =
                at > 0 ? (source[..at], source[(at + 1)..]) : throw new FlexException("option \"source\" is not \"server:/path\"");
        }

        var target = new CsiTarget("nfs.csi.k8s.io", "csi-driver-nfs");
        // The driver puts the brackets of an IPv6 address there itself.
        target.Attributes.Add(("server", Need(server, "server").Trim('[', ']')));
        target.Attributes.Add(("share", "/" + Need(share, "share").Trim('/')));
        if (options.Find("subDir")?.Trim('/') is { Length: > 0 } sub)
            target.Attributes.Add(("subDir", sub));
        if (options.Find("parents") is not null && options.Find("mode") is { } mode)
            target.Attributes.Add(("mountPermissions", "0" + mode.TrimStart('0')));
        if (options.Find("vers")?.Split(',')[0].Trim() is { Length: > 0 } version)
            target.MountOptions.Add("nfsvers=" + version);
        target.AddOptions(options, "proto", "sec", "nconnect", "port");
        target.AddWords(options);
        if (options.Flag("nfs", "soft", false))
            target.MountOptions.Add("soft");
        if (!options.Flag("nfs", "atime", true))
            target.MountOptions.Add("noatime");
        if (options.Flag("nfs", "readOnly", false))
            target.MountOptions.Add("ro");
        if (options.Flag("nfs", "create", false) || name.Tilded == "alicloud~nas")
            target.Remark = "\n#  The driver makes no directory for a volume that is there before its claim: make it on the server.";
        return target;
    }

    // github.com/kubernetes-csi/csi-driver-smb, docs/driver-parameters.md.
    private static CsiTarget Cifs(VolumeOptions options)
    {
        var source = (options.Find("source") ?? "").Replace('\\', '/').Trim();
        if (source.Length == 0)
        {
            var (server, share) = (Need(options.Find("server") ?? "", "server"), Need(options.Find("share") ?? "", "share"));
            source = $"//{server.Trim(' ', '/')}/{share.Replace('\\', '/').Trim('/')}";
        }

        var target = new CsiTarget("smb.csi.k8s.io", "csi-driver-smb")
        {
            Remark = "\n#  The driver takes a pod's fsGroup for gid only where mountOptions hold no gid of their own.",
        };
        target.Attributes.Add(("source", source));
        target.AddOptions(options, "vers", "port", "domain", "uid", "gid", "file_mode", "dir_mode");
        if (target.MountOptions.Remove("uid=fsGroup"))
            target.Remark += "\n#  The pod's fsGroup was also the owner of all files; mountOptions may hold a uid.";
        target.AddWords(options);
        if (options.Flag("cifs", "guest", false))
            target.MountOptions.Add("guest");
        if (options.Flag("cifs", "selinuxEnabled", false))
            target.MountOptions.Add("context=system_u:object_r:container_file_t:s0");
        if (options.Flag("cifs", "readOnly", false))
            target.MountOptions.Add("ro");
        return target;
    }

    private void AddOptions(VolumeOptions options, params string[] names)
    {
        foreach (var name in names)
        {
            if (options.Find(name) is { } value)
                MountOptions.Add($"{name}={value.Trim()}");
        }
    }

    private void AddWords(VolumeOptions options)
    {
        const StringSplitOptions Plain = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        foreach (var word in (options.Find("mountOptions") ?? "").Split(',', Plain))
        {
            if (notForCsi.Contains(word.Split('=')[0].TrimEnd(), StringComparer.Ordinal))
                Remark +=
                    $"\n#  mountOptions held {word.Split('=')[0]}, which is left out here: the Secret has username, "
                    + "password and domain.";
            else if (word != "defaults")
                MountOptions.Add(word);
        }
    }

    private static string Need(string value, string name) =>
        value.Length > 0 ? value : throw new FlexException($"option \"{name}\" is missing");
}
