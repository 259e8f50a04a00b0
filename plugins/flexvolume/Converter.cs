using System.Text;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.FlexVolume;

/// <summary>Writes what takes the place of a FlexVolume PersistentVolume - one of CSI, a local one, or a volume in the pod - and the steps to get there. Pure.</summary>
internal static class Converter
{
    /// <summary>The text for a PersistentVolume's.</summary>
    /// <exception cref="FlexException">It is no PersistentVolume with a flexVolume source, or not in the part of YAML that is read.</exception>
    public static string Convert(string text)
    {
        var root = YamlNode.Parse(text);
        if (root.Find("kind")?.Text != "PersistentVolume")
            throw new FlexException("it is no PersistentVolume (kind)");
        var spec = root.Find("spec") ?? throw new FlexException("it has no spec");
        var source = spec.Find("flexVolume") ?? throw new FlexException("its source is no flexVolume");
        var driver = Arguments.DriverOf(source.Find("driver")?.Text ?? "");
        var name = root.Find("metadata")?.Find("name")?.Text ?? throw new FlexException("it has no metadata.name");
        var options = CsiTarget.Values(driver, source.Find("options"));
        if (options.GetValueOrDefault("fsType") is null && source.Find("fsType")?.Text is { Length: > 0 } type)
            options["fsType"] = type;
        if (CsiTarget.Find(driver, options) is { } target)
            return Write(name, spec, source, target);
        return BuiltInVolume.FindDirectory(driver, name, options, spec.Find("claimRef")?.Find("namespace")?.Text) is var (path, preparation)
            ? WriteLocal(name, spec, path, preparation)
            : BuiltInVolume.ForPod(driver, name, options);
    }

    private static StringBuilder Begin(string name, YamlNode spec)
    {
        var yaml = new StringBuilder();
        yaml.Append("apiVersion: v1\nkind: PersistentVolume\nmetadata:\n  name: ").Append(YamlNode.Quote(name)).Append("\nspec:\n");
        foreach (var (key, value) in spec.Members)
        {
            // Retain, so that nothing is deleted on the way; the claim is bound anew.
            if (key is not ("flexVolume" or "persistentVolumeReclaimPolicy" or "claimRef" or "mountOptions"))
                value.Write(yaml, key, 2);
        }

        yaml.Append("  persistentVolumeReclaimPolicy: Retain\n");
        WriteClaim(yaml, spec.Find("claimRef"));
        return yaml;
    }

    // The built-in volume of a node's directory.
    private static string WriteLocal(string name, YamlNode spec, string path, string preparation)
    {
        var yaml = Begin(name + "-local", spec);
        if (spec.Find("nodeAffinity") is null)
            yaml.Append("  # A local volume must have a nodeAffinity, and the flexVolume had none: which node has the directory?\n");
        yaml.Append("  local:\n    path: ").Append(YamlNode.Quote(path)).Append('\n');
        return yaml.Append(Steps(
            name,
            name + "-local",
            $"nothing; see that {path} is the directory on the node (where its config has \"roots\" it may be another)",
            preparation)).ToString();
    }

    private static string Write(string name, YamlNode spec, YamlNode source, CsiTarget target)
    {
        var yaml = Begin(name + "-csi", spec);
        if (target.MountOptions.Count > 0)
        {
            yaml.Append("  mountOptions:\n");
            foreach (var option in target.MountOptions)
                yaml.Append("    - ").Append(YamlNode.Quote(option)).Append('\n');
        }

        yaml.Append("  csi:\n    driver: ").Append(target.Driver).Append("\n    volumeHandle: ").Append(YamlNode.Quote(name)).Append('\n');
        source.Find("fsType")?.Write(yaml, "fsType", 4);
        source.Find("readOnly")?.Write(yaml, "readOnly", 4);
        yaml.Append("    volumeAttributes:\n");
        foreach (var (key, value) in target.Attributes)
            yaml.Append("      ").Append(key).Append(": ").Append(YamlNode.Quote(value)).Append('\n');
        WriteSecret(yaml, source.Find("secretRef"));
        return yaml.Append(Steps(name, name + "-csi", target.Install, "", " A Secret may keep its type: CSI does not look at it." + target.Remark)).ToString();
    }

    private static void WriteClaim(StringBuilder yaml, YamlNode? claim)
    {
        if (claim?.Find("name") is not { } name)
            return;
        yaml.Append("  claimRef:\n    namespace: ").Append(YamlNode.Quote(claim.Find("namespace")?.Text ?? "default")).Append("\n    name: ").Append(YamlNode.Quote(name.Text)).Append('\n');
    }

    private static void WriteSecret(StringBuilder yaml, YamlNode? secret)
    {
        if (secret?.Find("name") is not { } name)
            return;
        yaml.Append("    nodeStageSecretRef:\n      name: ").Append(YamlNode.Quote(name.Text)).Append('\n');
        yaml.Append("      namespace: ").Append(YamlNode.Quote(secret.Find("namespace")?.Text ?? "default")).Append('\n');
    }

    private static string Steps(string name, string newName, string install, string preparation, string remark = "") =>
        $"""
        # How to get there. A volume's source cannot be changed, so the claim gets a new volume; nothing of the data is touched.
        #  1. Install {install}.
        {preparation}#  2. kubectl patch pv {name} -p '{"{"}"spec":{"{"}"persistentVolumeReclaimPolicy":"Retain"{"}}"}'
        #  3. Stop the pods that use the claim (scale to 0), save the claim: kubectl get pvc -o yaml.
        #  4. kubectl delete pvc CLAIM; kubectl delete pv {name}
        #  5. kubectl apply -f THIS_FILE, then the claim again with spec.volumeName: {newName} and an empty storageClassName.
        #  6. Start the pods.{remark}

        """;
}
