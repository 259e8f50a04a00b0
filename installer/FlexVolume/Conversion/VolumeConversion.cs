using System.Text;
using Plugboard.Documents;
using Plugboard.Drivers;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes.Options;

namespace Plugboard.Installer.FlexVolume.Conversion;

/// <summary>One PersistentVolume and what takes its place.</summary>
/// <param name="volume">The volume.</param>
/// <param name="manifests">What else the manifest has: the claim may be in it.</param>
internal sealed class VolumeConversion(DocumentNode volume, Manifests manifests)
{
    private const string ClassAnnotation = "volume.beta.kubernetes.io/storage-class";

    // What the API server, the controllers and kubectl write themselves.
    private static readonly string[] ofOthers =
    [
        "pv.kubernetes.io/",
        "volume.kubernetes.io/",
        "volume.beta.kubernetes.io/",
        "kubectl.kubernetes.io/last-applied-configuration",
    ];

    private readonly DocumentNode spec = volume.Find("spec") ?? throw new FlexException("it has no spec");
    private readonly string name = Manifests.TextOf(volume.Find("metadata"), "name") ?? throw new FlexException("it has no metadata.name");

    /// <summary>True where nothing else is written beside it: what is no object of the API may then stand there as YAML.</summary>
    public bool IsOne { get; init; }

    // What a claim and a volume must agree in; that a claim without a class gets the cluster's own is why it is always written.
    private string Class =>
        Manifests.TextOf(volume.Find("metadata")?.Find("annotations"), ClassAnnotation) ?? Manifests.TextOf(spec, "storageClassName") ?? "";

    private (string Space, string Name)? Claim =>
        spec.Find("claimRef") is { } claim && Manifests.TextOf(claim, "name") is { } claimed
            ? (Manifests.TextOf(claim, "namespace") ?? "default", claimed)
            : null;

    /// <summary>The text.</summary>
    /// <exception cref="FlexException">Nothing does what its options ask for.</exception>
    public string Convert()
    {
        var source = spec.Find("flexVolume")!;
        var driver = Dialect.GetName(Manifests.TextOf(source, "driver") ?? "");
        var options = OptionsOf(driver, source);
        if (CsiTarget.Find(driver, options) is { } target)
            return WriteCsi(source, target);
        if (BuiltInVolume.FindDirectory(driver, name, options, Claim?.Space) is var (path, preparation))
            return WriteLocal(path, preparation);
        var text = BuiltInVolume.ForPod(driver, name, options);
        return IsOne
            ? text
            : string.Concat(text.TrimEnd('\n').Split('\n').Select(static line => line.StartsWith('#') ? line + "\n" : $"# {line}\n"));
    }

    private static VolumeOptions OptionsOf(DriverName driver, DocumentNode source)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var option in source.Find("options")?.Items ?? [])
            given[option.Name] = option.Kind == DocumentKind.Null ? "" : option.Text;
        if (Manifests.TextOf(source, "fsType") is { } type)
            given.TryAdd("fsType", type);
        return new VolumeOptions(given, Dialect.Find(driver)!.Names);
    }

    private StringBuilder Begin(string newName)
    {
        var yaml = new StringBuilder("apiVersion: v1\nkind: PersistentVolume\n");
        WriteMetadata(yaml, newName, null, volume);
        yaml.Append("spec:\n");
        var writer = new YamlWriter(yaml);
        foreach (var member in spec.Items)
        {
            // Retain, so that nothing is deleted on the way; the claim is bound again.
            if (member.Name is not ("flexVolume" or "persistentVolumeReclaimPolicy" or "claimRef" or "mountOptions" or "storageClassName"))
                writer.Write(member.Name, member, 2);
        }

        foreach (var key in (string[])["accessModes", "capacity"])
        {
            if (spec.Find(key) is null or { Items.Count: 0 })
                yaml.Append("  # The API server wants ").Append(key).Append(", which the volume given has not got.\n");
        }

        writer.Write("storageClassName", Class, 2);
        yaml.Append("  persistentVolumeReclaimPolicy: Retain\n");
        if (Claim is var (space, claimed))
        {
            yaml.Append("  claimRef:\n    namespace: ")
                .Append(YamlWriter.Quote(space))
                .Append("\n    name: ")
                .Append(YamlWriter.Quote(claimed))
                .Append('\n');
        }

        return yaml;
    }

    // A claim may choose its volume by the labels.
    private static void WriteMetadata(StringBuilder yaml, string name, string? space, DocumentNode? from)
    {
        yaml.Append("metadata:\n  name: ").Append(YamlWriter.Quote(name)).Append('\n');
        if (space is not null)
            yaml.Append("  namespace: ").Append(YamlWriter.Quote(space)).Append('\n');
        foreach (var key in (string[])["labels", "annotations"])
        {
            var kept = (from?.Find("metadata")?.Find(key)?.Items ?? [])
                .Where(each => key == "labels" || !ofOthers.Any(other => each.Name.StartsWith(other, StringComparison.Ordinal)))
                .ToList();
            if (kept.Count > 0)
                yaml.Append("  ").Append(key).Append(":\n");
            foreach (var each in kept)
                new YamlWriter(yaml).Write(each.Name, each.Text, 4);
        }
    }

    // The built-in volume of a node's directory.
    private string WriteLocal(string path, string preparation)
    {
        var yaml = Begin(name + "-local");
        if (spec.Find("nodeAffinity") is null)
            yaml.Append("  # A local volume must have a nodeAffinity, and the flexVolume had none: which node has the directory?\n");
        yaml.Append("  local:\n    path: ").Append(YamlWriter.Quote(path)).Append('\n');
        WriteClaim(yaml, name + "-local");
        var install = $"nothing; see that {path} is the directory on the node (where its config has \"roots\" it may be another)";
        return yaml.Append(Steps(name + "-local", install, preparation)).ToString();
    }

    private string WriteCsi(DocumentNode source, CsiTarget target)
    {
        var yaml = Begin(name + "-csi");
        if (target.MountOptions.Count > 0)
            new YamlWriter(yaml).Write("mountOptions", target.MountOptions, 2);
        yaml.Append("  csi:\n    driver: ")
            .Append(target.Driver)
            .Append("\n    volumeHandle: ")
            .Append(YamlWriter.Quote(name))
            .Append('\n');
        if (source.Find("readOnly") is { } readOnly)
            new YamlWriter(yaml).Write("readOnly", readOnly, 4);
        yaml.Append("    volumeAttributes:\n");
        foreach (var (key, value) in target.Attributes)
            yaml.Append("      ").Append(key).Append(": ").Append(YamlWriter.Quote(value)).Append('\n');
        var remark = WriteSecret(yaml, source.Find("secretRef"));
        WriteClaim(yaml, name + "-csi");
        return yaml.Append(Steps(name + "-csi", target.Install, "", remark + target.Remark)).ToString();
    }

    // FlexVolume took a Secret without a namespace from the pod's; CSI needs it explicitly.
    private string WriteSecret(StringBuilder yaml, DocumentNode? secret)
    {
        if (Manifests.TextOf(secret, "name") is not { } secretName)
            return "";
        var space = Manifests.TextOf(secret, "namespace") ?? Claim?.Space;
        yaml.Append("    nodeStageSecretRef:\n      name: ").Append(YamlWriter.Quote(secretName)).Append('\n');
        yaml.Append("      namespace: ")
            .Append(YamlWriter.Quote(space ?? "default"))
            .Append(space is null ? " # the namespace of the pods, where the Secret is" : "")
            .Append('\n');
        return " A Secret may keep its type: CSI does not look at it.";
    }

    // A claim binds to a volume of its own class and mode that is large enough and has its access modes.
    private void WriteClaim(StringBuilder yaml, string newName)
    {
        if (Claim is not var (space, claimed))
            return;
        var present = manifests.FindClaim(space, claimed);
        var given = present?.Find("spec");
        yaml.Append("---\napiVersion: v1\nkind: PersistentVolumeClaim\n");
        WriteMetadata(yaml, claimed, space, present);
        yaml.Append("spec:\n");
        var writer = new YamlWriter(yaml);
        if ((given?.Find("accessModes") ?? spec.Find("accessModes")) is { } modes)
            writer.Write("accessModes", modes, 2);
        if ((given?.Find("resources")?.Find("requests") ?? spec.Find("capacity")) is { Kind: DocumentKind.Map, Items.Count: > 0 } size)
        {
            yaml.Append("  resources:\n");
            writer.Write("requests", size, 4);
        }

        if (spec.Find("volumeMode") is { } volumeMode)
            writer.Write("volumeMode", volumeMode, 2);
        writer.Write("storageClassName", Class, 2);
        yaml.Append("  volumeName: ").Append(YamlWriter.Quote(newName)).Append('\n');
    }

    private string Steps(string newName, string install, string preparation, string remark = "")
    {
        var (claim, apply) = (
            "CLAIM",
            "the volume; then the claim again, with " + $"spec.volumeName: {newName} and spec.storageClassName: {YamlWriter.Quote(Class)}"
        );
        if (Claim is var (space, claimed))
        {
            var isGiven = manifests.FindClaim(space, claimed) is not null;
            claim = $"-n {space} {claimed}";
            apply = isGiven ? "the volume and its claim" : "the volume and its claim, which lacks the labels of the saved one";
        }

        return $"""
            # How to get there. A volume's source cannot be changed, so the claim gets a new volume; nothing of the data is touched.
            #  1. Install {install}.
            {preparation}#  2. kubectl patch pv {name} -p '{"{"}"spec":{"{"}"persistentVolumeReclaimPolicy":"Retain"{"}}"}'
            #  3. Stop the pods that use the claim (scale to 0), save the claim: kubectl get pvc {claim} -o yaml.
            #  4. kubectl delete pvc {claim}; kubectl delete pv {name}
            #  5. kubectl apply -f THIS_FILE: {apply}.
            #  6. Start the pods.{remark}

            """;
    }
}
