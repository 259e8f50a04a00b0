using Plugboard.Placement;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.FlexVolume;

/// <summary>Which CSI driver takes a volume, and how its options are called there.</summary>
internal sealed record CsiTarget(string Driver, string Install)
{
    /// <summary>volumeAttributes.</summary>
    public List<(string Key, string Value)> Attributes { get; } = [];

    /// <summary>spec.mountOptions, which FlexVolume did not allow.</summary>
    public List<string> MountOptions { get; } = [];

    /// <summary>What is different; empty where nothing is.</summary>
    public string Remark { get; private init; } = "";

    /// <summary>The target for a driver's options; null where no CSI driver does what it does.</summary>
    /// <exception cref="FlexException">An option is missing.</exception>
    public static CsiTarget? Find(DriverName name, IReadOnlyDictionary<string, string> values) => Dialect.Find(name)!.Backend switch
    {
        "nfs" => Nfs(values),
        "cifs" => Cifs(values),
        _ => null,
    };

    /// <summary>A volume's options under the backend's names.</summary>
    public static Dictionary<string, string> Values(DriverName name, YamlNode? options)
    {
        var names = Dialect.Find(name)!.Names;
        var values = new Dictionary<string, string>(names.Defaults, StringComparer.Ordinal);
        foreach (var (key, value) in options?.Members ?? [])
            values[names.Aliases.GetValueOrDefault(key, key)] = value.Text;
        return values;
    }

    // github.com/kubernetes-csi/csi-driver-nfs, docs/driver-parameters.md.
    private static CsiTarget Nfs(IReadOnlyDictionary<string, string> values)
    {
        var (server, share) = (values.GetValueOrDefault("server", ""), values.GetValueOrDefault("share", ""));
        if (values.TryGetValue("source", out var source) && source.IndexOf(":/", StringComparison.Ordinal) is > 0 and var at)
            (server, share) = (source[..at], source[(at + 1)..]);
        var target = new CsiTarget("nfs.csi.k8s.io", "csi-driver-nfs");
        target.Attributes.Add(("server", Need(server, "server")));
        target.Attributes.Add(("share", Need(share, "share")));
        if (values.TryGetValue("subDir", out var sub) && sub.Trim('/').Length > 0)
            target.Attributes.Add(("subDir", sub));
        target.MountOptions.Add("nfsvers=" + values.GetValueOrDefault("vers", "4.2").Split(',')[0]);
        foreach (var key in (string[])["proto", "sec", "nconnect", "port"])
        {
            if (values.TryGetValue(key, out var value))
                target.MountOptions.Add($"{key}={value}");
        }

        target.AddWords(values);
        if (values.GetValueOrDefault("soft") == "true")
            target.MountOptions.Add("soft");
        return target;
    }

    // github.com/kubernetes-csi/csi-driver-smb, docs/driver-parameters.md.
    private static CsiTarget Cifs(IReadOnlyDictionary<string, string> values)
    {
        var source = values.GetValueOrDefault("source", "").Replace('\\', '/');
        if (source.Length == 0)
            source = $"//{Need(values.GetValueOrDefault("server", ""), "server")}/{Need(values.GetValueOrDefault("share", ""), "share").TrimStart('/')}";
        var target = new CsiTarget("smb.csi.k8s.io", "csi-driver-smb") { Remark = "\n#  The driver takes a pod's fsGroup for gid only where mountOptions hold no gid of their own." };
        target.Attributes.Add(("source", source));
        foreach (var key in (string[])["vers", "uid", "gid", "file_mode", "dir_mode"])
        {
            if (values.TryGetValue(key, out var value))
                target.MountOptions.Add($"{key}={value}");
        }

        target.AddWords(values);
        return target;
    }

    private void AddWords(IReadOnlyDictionary<string, string> values) =>
        MountOptions.AddRange(values.GetValueOrDefault("mountOptions", "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private static string Need(string value, string name) => value.Length > 0 ? value : throw new FlexException($"option \"{name}\" is missing");
}
