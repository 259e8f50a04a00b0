using System.Text;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.FlexVolume;

/// <summary>Writes the CSI PersistentVolume that takes the place of a FlexVolume one, and the steps to get there. Pure.</summary>
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
        var target = CsiTarget.For(driver, source.Find("options"));
        return Write(name, spec, source, target);
    }

    private static string Write(string name, YamlNode spec, YamlNode source, CsiTarget target)
    {
        var yaml = new StringBuilder();
        yaml.Append("apiVersion: v1\nkind: PersistentVolume\nmetadata:\n  name: ").Append(YamlNode.Quote(name + "-csi")).Append("\nspec:\n");
        foreach (var (key, value) in spec.Members)
        {
            // Retain, so that nothing is deleted on the way; the claim is bound anew.
            if (key is not ("flexVolume" or "persistentVolumeReclaimPolicy" or "claimRef" or "mountOptions"))
                value.Write(yaml, key, 2);
        }

        yaml.Append("  persistentVolumeReclaimPolicy: Retain\n");
        WriteClaim(yaml, spec.Find("claimRef"));
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
        return yaml.Append(Steps(name, target)).ToString();
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

    private static string Steps(string name, CsiTarget target) =>
        $"""
        # How to get there. A volume's source cannot be changed, so the claim gets a new volume; nothing of the data is touched.
        #  1. Install {target.Install}.
        #  2. kubectl patch pv {name} -p '{"{"}"spec":{"{"}"persistentVolumeReclaimPolicy":"Retain"{"}}"}'
        #  3. Stop the pods that use the claim (scale to 0), save the claim: kubectl get pvc -o yaml.
        #  4. kubectl delete pvc CLAIM; kubectl delete pv {name}
        #  5. kubectl apply -f THIS_FILE, then the claim again with spec.volumeName: {name}-csi and an empty storageClassName.
        #  6. Start the pods. A Secret may keep its type: CSI does not look at it.{target.Remark}

        """;
}
