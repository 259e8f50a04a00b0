using System.Text;
using Plugboard.Documents;
using Plugboard.Installer.FlexVolume.Conversion;
using Plugboard.Protocols.FlexVolume;
using static Plugboard.Tests.Unit.FlexVolume.ConvertedVolume;

namespace Plugboard.Tests.Unit.FlexVolume;

public sealed class ConverterTests
{
    [Fact]
    public void An_NFS_volume_becomes_one_of_csi_driver_nfs_and_its_claim_binds_to_it() =>
        Assert.StartsWith(
            """
            apiVersion: v1
            kind: PersistentVolume
            metadata:
              name: "data-csi"
            spec:
              capacity:
                storage: 1Gi
              accessModes:
                - ReadWriteMany
              nodeAffinity:
                required:
                  nodeSelectorTerms:
                    - matchExpressions:
                        - key: kubernetes.io/hostname
                          operator: In
                          values:
                            - node1
              storageClassName: ""
              persistentVolumeReclaimPolicy: Retain
              claimRef:
                namespace: "shop"
                name: "data"
              mountOptions:
                - "proto=tcp"
              csi:
                driver: nfs.csi.k8s.io
                volumeHandle: "data"
                volumeAttributes:
                  server: "10.0.0.5"
                  share: "/exports/it's"
            ---
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata:
              name: "data"
              namespace: "shop"
            spec:
              accessModes:
                - ReadWriteMany
              resources:
                requests:
                  storage: 1Gi
              storageClassName: ""
              volumeName: "data-csi"
            # How to get there.
            """.TrimEnd(),
            Convert(Nfs),
            StringComparison.Ordinal
        );

    [Fact]
    public void An_SMB_volume_becomes_one_of_csi_driver_smb_with_its_Secret()
    {
        var converted = Convert(
            Nfs.Replace("k8s/nfs", "fstab/cifs", StringComparison.Ordinal)
                .Replace("server: 10.0.0.5", "networkPath: //srv/share", StringComparison.Ordinal)
                .Replace("protocol: tcp", "mountOptions: dir_mode=0755,noperm", StringComparison.Ordinal)
                .Replace("fsType: nfs", "secretRef:\n      name: cred", StringComparison.Ordinal)
        );
        Assert.Contains("driver: smb.csi.k8s.io", converted, StringComparison.Ordinal);
        Assert.Contains("      source: \"//srv/share\"\n", converted, StringComparison.Ordinal);
        Assert.Contains("    - \"dir_mode=0755\"\n    - \"noperm\"\n", converted, StringComparison.Ordinal);
        // A Secret without a namespace was the pod's, and the pod is where the claim is.
        Assert.Contains("    nodeStageSecretRef:\n      name: \"cred\"\n      namespace: \"shop\"\n", converted, StringComparison.Ordinal);
    }

    [Fact]
    public void A_claim_keeps_its_labels_and_size_where_it_is_given_with_its_volume()
    {
        var converted = Convert(
            $"""
            {Nfs}
            ---
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata:
              name: data
              namespace: shop
              labels:
                app: "1"
              annotations:
                pv.kubernetes.io/bind-completed: "yes"
                team: shop
            spec:
              accessModes: [ReadWriteMany]
              resources: {"{"}requests: {"{"}storage: 500Mi{"}}"}
              storageClassName: slow
              volumeName: data
            """
        );
        Assert.Contains(
            "  namespace: \"shop\"\n  labels:\n    app: \"1\"\n  annotations:\n    team: \"shop\"\nspec:\n  accessModes:\n    - "
                + "ReadWriteMany\n  resources:\n    requests:\n      storage: 500Mi\n  storageClassName: \"\"\n",
            converted,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("slow", converted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  storageClassName: media\n", "media")]
    [InlineData("  storageClassName: \"\"\n", "")]
    [InlineData("", "")]
    public void Volume_and_claim_have_one_class(string line, string name)
    {
        var converted = Convert(Nfs.Replace("spec:\n", "spec:\n" + line, StringComparison.Ordinal));
        Assert.Equal(2, converted.Split('\n').Count(row => row == $"  storageClassName: \"{name}\""));
        var unbound = Convert(
            Nfs.Replace("spec:\n", "spec:\n" + line, StringComparison.Ordinal).Replace("claimRef", "other", StringComparison.Ordinal)
        );
        Assert.Contains($"spec.volumeName: data-csi and spec.storageClassName: \"{name}\"", unbound, StringComparison.Ordinal);
        Assert.DoesNotContain("PersistentVolumeClaim", unbound, StringComparison.Ordinal);
    }

    [Fact]
    public void The_class_of_an_old_annotation_is_the_class() =>
        Assert.Contains(
            "  storageClassName: \"old\"\n",
            Convert(
                Nfs.Replace(
                    "metadata:\n",
                    "metadata:\n  annotations:\n    volume.beta.kubernetes.io/storage-class: old\n    "
                        + "pv.kubernetes.io/bound-by-controller: 'yes'\n",
                    StringComparison.Ordinal
                )
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public void Labels_are_kept_because_a_claim_may_choose_by_them()
    {
        var converted = Convert(
            Nfs.Replace(
                "metadata:\n",
                "metadata:\n  labels:\n    tier: 'true'\n    n: \"5\"\n  uid: x\n  finalizers: [a]\n",
                StringComparison.Ordinal
            )
        );
        Assert.Contains(
            "  name: \"data-csi\"\n  labels:\n    tier: \"true\"\n    \"n\": \"5\"\nspec:",
            converted,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("finalizers", converted, StringComparison.Ordinal);
    }

    private const string List = """
        apiVersion: v1
        items:
        - apiVersion: v1
          kind: PersistentVolume
          metadata:
            annotations:
              kubectl.kubernetes.io/last-applied-configuration: |
                {"apiVersion":"v1","kind":"PersistentVolume"}
            name: a
          spec:
            accessModes:
            - ReadWriteMany
            capacity:
              storage: 1Gi
            flexVolume:
              driver: k8s/nfs
              options:
                server: 172.16.0.25
                share: x
          status:
            phase: Available
        - apiVersion: v1
          kind: PersistentVolume
          metadata: {name: b}
          spec:
            nfs: {server: a, path: /}
        - apiVersion: v1
          kind: PersistentVolume
          metadata: {name: c}
          spec:
            flexVolume: {driver: acme/thing}
        - kind: Deployment
          metadata: {name: web, namespace: shop}
          spec: {template: {spec: {volumes: [{name: v, flexVolume: {driver: k8s/nfs}}]}}}
        - kind: Service
          metadata: {name: web}
        - apiVersion: v1
          kind: PersistentVolume
          metadata: {name: d}
          spec:
            flexVolume: {driver: plugboard/tmpfs, options: {size: 1Mi}}
        kind: List
        metadata:
          resourceVersion: ""
        """;

    [Fact]
    public void Of_a_list_each_volume_is_converted_and_what_is_not_is_named()
    {
        var (text, isWhole) = Converter.Convert(Encoding.UTF8.GetBytes(List));
        Assert.False(isWhole);
        var lines = text.Split('\n');
        Assert.Equal(
            [
                "# PersistentVolume b: left out: its source is not a flexVolume",
                "# PersistentVolume c is not converted: \"acme/thing\" is not a driver of ours: a vendor of your choice with local, loop, "
                    + "tmpfs, nfs, cifs or uds, or one of k8s/nfs, alicloud/nas, fstab/cifs, juliohm/cifs, microsoft.com/smb, "
                    + "ramax.com/local-storage, kvaps/loop, nodeagent/uds",
                "# Deployment shop/web: left out: a flexVolume that is written into a pod is not converted; write what a "
                    + "PersistentVolume with its options becomes into the pod",
                "# Service web: left out: not a PersistentVolume",
            ],
            lines.Take(4)
        );
        Assert.Contains("      share: \"/x\"", lines);
        Assert.Contains("---", lines);
        // What is no object is a comment beside others.
        Assert.Contains("#       emptyDir:", lines);
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var documents = YamlDocumentReader.ReadAll(Encoding.UTF8.GetBytes(Convert(List)));
        Assert.Equal(["PersistentVolume"], documents.Select(static document => document.Find("kind")!.Text));
        Assert.Equal("a-csi", documents[0].Find("metadata")!.Find("name")!.Text);
    }

    [Theory]
    [InlineData(
        """{"kind":"List","items":[{"kind":"PersistentVolume","metadata":{"name":"a"},"spec":{"flexVolume":"""
            + """{"driver":"k8s/nfs","options":{"server":"s","share":"/x"}}}}]}"""
    )]
    [InlineData(
        """{"kind":"PersistentVolumeList","items":[{"metadata":{"name":"a"},"spec":{"flexVolume":{"driver":"k8s/nfs","options":"""
            + """{"server":"s","share":"/x"}}}}]}"""
    )]
    [InlineData(
        "{\n\t\"kind\": \"PersistentVolume\",\n\t\"metadata\": {\"name\": \"a\"},\n\t\"spec\": {\"flexVolume\": {\"driver\": "
            + "\"k8s/nfs\", \"options\": {\"server\": \"s\", \"share\": \"\\u002fx\"}}}\n}\n"
    )]
    public void JSON_is_read_too(string text) => Assert.Contains("      share: \"/x\"\n", Convert(text), StringComparison.Ordinal);

    [Fact]
    public void What_the_API_server_will_miss_is_said() =>
        Assert.Contains(
            "  # The API server wants accessModes, " + "which the volume given has not got.\n",
            Convert(Nfs.Replace("accessModes", "other", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("kind: Pod\nmetadata:\n  name: x", "Pod x: left out: not a PersistentVolume")]
    [InlineData("a: b", "an object without a name: left out: not a PersistentVolume")]
    [InlineData("", "it holds no object")]
    [InlineData("kind: PersistentVolume", "it has no spec")]
    [InlineData(
        "kind: PersistentVolume\nmetadata:\n  name: x\nspec:\n  nfs:\n    server: a",
        "PersistentVolume x: left out: its source is not a flexVolume"
    )]
    [InlineData("kind: PersistentVolume\nspec:\n  flexVolume:\n    driver: a/b", "it has no metadata.name")]
    [InlineData(
        "kind: Pod\nmetadata: {name: x}\n---\nkind: Pod\nmetadata: {name: y}",
        "nothing was converted: Pod x: left out: not a PersistentVolume; Pod y: left out: not a PersistentVolume"
    )]
    public void What_cannot_be_converted_is_refused(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FlexException>(() => Convert(text)).Message);

    [Theory]
    [InlineData("a: &x b\nc: *x", "line 2: aliases (*name) are not supported: write the value out")]
    [InlineData("a: b\na: c", "line 2: a is present twice")]
    public void What_is_not_a_manifest_is_refused_with_its_line(string text, string message) =>
        Assert.Equal(message, Assert.Throws<DocumentException>(() => Convert(text)).Message);
}
