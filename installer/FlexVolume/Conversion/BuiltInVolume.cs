using System.Globalization;
using System.Text;
using Plugboard.Drivers;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes.Options;

namespace Plugboard.Installer.FlexVolume.Conversion;

/// <summary>
/// What takes the place of volumes that no CSI driver takes as they are: a <c>local</c> PersistentVolume on the same directory, or a volume
/// that is written into the pod. Pure: the node's config may say other roots, which is why the text names them.
/// </summary>
internal static class BuiltInVolume
{
    /// <summary>
    /// The manifest's spec.local, and the steps on the node before; null for a driver whose volume is written into the pod.
    /// </summary>
    /// <exception cref="FlexException">No built-in volume supports the options.</exception>
    public static (string Path, string Preparation)? FindDirectory(DriverName name, string volume, VolumeOptions options, string? space)
    {
        var root = Dialect.Find(name)!.DefaultRoots is [var first, ..] ? first : "/var/lib/flexvolume/" + name.Driver;
        return Dialect.Find(name)!.Backend switch
        {
            "local" => (Local(options.Find("root") ?? root, volume, options, space), ""),
            "loop" => Loop(root, volume, options),
            _ => null,
        };
    }

    private static string Local(string root, string volume, VolumeOptions options, string? space)
    {
        if (options.Find("perPod") is { } perPod && perPod != "false")
            throw new FlexException(
                "a directory for each pod (perPod) is what no PersistentVolume has: write an emptyDir into the pod for what ends "
                    + "with it, or a volumeMount with subPathExpr: $(POD_UID) on a volume of the directory above"
            );
        var path =
            options.Find("path")
            ?? (
                space is null
                    ? throw new FlexException(
                        "without option \"path\" the directory's name is the pod's namespace, which the manifest has in its "
                            + "claimRef only; kubectl get pv NAME -o yaml of a bound volume has it"
                    )
                    : $"{space}/{options.Find("name") ?? volume}"
            );
        var whole = path.StartsWith('/') ? path : $"{root}/{path}";
        return options.Find("subPath") is { } sub ? $"{whole.TrimEnd('/')}/{sub.Trim('/')}" : whole;
    }

    private static (string Path, string Preparation) Loop(string root, string volume, VolumeOptions options)
    {
        var file = options.Find("file") ?? throw new FlexException("option \"file\" is missing");
        if (options.Find("directory") is { } directory)
            file = $"{directory.TrimEnd('/')}/{file.TrimStart('/')}";
        var image = file.StartsWith('/') ? file : $"{root}/{file}";
        var mountPoint = $"/mnt/{volume}";
        var type = options.Find("fsType") ?? "ext4";
        return (
            mountPoint,
            string.Create(
                CultureInfo.InvariantCulture,
                $"#     No CSI driver and nothing built in mounts a file: the node mounts it itself. It no longer grows with its "
                    + $"claim.\n#     mkdir {mountPoint}; echo '{image} {mountPoint} {type} loop,nosuid,nodev,nofail 0 2' >> /etc/fstab; "
                    + $"mount {mountPoint}\n"
            )
        );
    }

    /// <summary>What a pod has instead of the claim.</summary>
    /// <exception cref="FlexException">There is nothing.</exception>
    public static string ForPod(DriverName name, string volume, VolumeOptions options) =>
        Dialect.Find(name)!.Backend switch
        {
            "tmpfs" => Tmpfs(volume, options),
            "uds" => Uds(volume),
            var backend => throw new FlexException($"nothing takes the place of {backend} volumes"),
        };

    private static string Tmpfs(string volume, VolumeOptions options)
    {
        var size = options.Find("size") ?? "";
        var text = new StringBuilder()
            .Append(
                "# Memory is no PersistentVolume elsewhere: each pod has it as an emptyDir, instead of its "
                    + "persistentVolumeClaim.\nspec:\n  volumes:\n    - name: "
            )
            .Append(YamlWriter.Quote(volume))
            .Append("\n      emptyDir:\n        medium: Memory\n");
        if (size.Length > 0 && !size.EndsWith('%'))
            text.Append("        sizeLimit: ").Append(YamlWriter.Quote(size)).Append('\n');
        else
            text.Append(
                "        # A share of the memory is nothing that sizeLimit takes; without one it is half of the node's, or the pod's "
                    + "limit.\n"
            );
        foreach (var key in (string[])["mode", "uid", "gid", "nr_inodes", "huge", "noswap", "exec"])
        {
            if (options.Find(key) is { } value)
                text.Append("# An emptyDir has no ")
                    .Append(key)
                    .Append(": ")
                    .Append(value)
                    .Append(key is "gid" or "mode" ? "; securityContext.fsGroup sets the group.\n" : ".\n");
        }

        return text.Append("# Then: kubectl delete pvc CLAIM; kubectl delete pv ")
            .Append(volume)
            .Append(". What was in it was gone with each pod anyway.\n")
            .ToString();
    }

    private static string Uds(string volume) =>
        $"""
            # The node agent's directory comes from the agent's own CSI driver (Calico 3.24 and later installs it with calico-node),
            # written into the pod instead of the claim.
            spec:
              volumes:
                - name: {YamlWriter.Quote(volume)}
                  csi:
                    driver: csi.tigera.io
                    readOnly: true
            # Another agent than Calico's needs its own driver; no driver serves every agent.
            # Then: kubectl delete pvc CLAIM; kubectl delete pv {volume}

            """;
}
