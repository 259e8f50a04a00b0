using Plugboard.FlexVolume;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Tests.Unit.FlexVolume;

public sealed class ConverterTests
{
    private const string Nfs =
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata:
          name: data   # of the shop
        spec:
          capacity: {}
          accessModes:
          - ReadWriteMany
          claimRef:
            name: data
            namespace: shop
          flexVolume:
            driver: "k8s/nfs"
            fsType: nfs
            options:
              server: 10.0.0.5
              share: '/exports/it''s'
              protocol: tcp
          nodeAffinity:
            required:
              nodeSelectorTerms:
              - matchExpressions:
                - key: kubernetes.io/hostname
                  operator: In
                  values:
                  - node1
        """;

    [Fact]
    public void An_NFS_volume_becomes_one_of_csi_driver_nfs() => Assert.StartsWith(
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata:
          name: "data-csi"
        spec:
          capacity: {}
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
          persistentVolumeReclaimPolicy: Retain
          claimRef:
            namespace: "shop"
            name: "data"
          mountOptions:
            - "nfsvers=4.2"
            - "proto=tcp"
          csi:
            driver: nfs.csi.k8s.io
            volumeHandle: "data"
            fsType: nfs
            volumeAttributes:
              server: "10.0.0.5"
              share: "/exports/it's"
        # How to get there.
        """.TrimEnd(),
        Converter.Convert(Nfs),
        StringComparison.Ordinal);

    [Fact]
    public void An_SMB_volume_becomes_one_of_csi_driver_smb_with_its_Secret()
    {
        var converted = Converter.Convert(Nfs
            .Replace("k8s/nfs", "fstab/cifs", StringComparison.Ordinal)
            .Replace("server: 10.0.0.5", "networkPath: //srv/share", StringComparison.Ordinal)
            .Replace("protocol: tcp", "mountOptions: dir_mode=0755,noperm", StringComparison.Ordinal)
            .Replace("fsType: nfs", "secretRef:\n      name: cred", StringComparison.Ordinal));
        Assert.Contains("driver: smb.csi.k8s.io", converted, StringComparison.Ordinal);
        Assert.Contains("      source: \"//srv/share\"\n", converted, StringComparison.Ordinal);
        Assert.Contains("    - \"dir_mode=0755\"\n    - \"noperm\"\n", converted, StringComparison.Ordinal);
        Assert.Contains("    nodeStageSecretRef:\n      name: \"cred\"\n      namespace: \"default\"\n", converted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind: Pod", "it is no PersistentVolume (kind)")]
    [InlineData("kind: PersistentVolume", "it has no spec")]
    [InlineData("kind: PersistentVolume\nspec:\n  nfs:\n    server: a", "its source is no flexVolume")]
    [InlineData("a: &x b", "line 1 has a value that begins with &, which is not read; kubectl get pv NAME -o yaml writes what is")]
    [InlineData("a: b\n---\nc: d", "line 2 has a second document, which is not read; kubectl get pv NAME -o yaml writes what is")]
    [InlineData("a: b\n   c: d", "line 2 has this indentation, which is not read; kubectl get pv NAME -o yaml writes what is")]
    [InlineData("a: |\n  b", "line 1 has a value that begins with |, which is not read; kubectl get pv NAME -o yaml writes what is")]
    public void What_cannot_be_converted_is_refused(string text, string message) => Assert.Equal(message, Assert.Throws<FlexException>(() => Converter.Convert(text)).Message);

    private static string Of(string driver, string options) => Converter.Convert(Nfs.Replace("k8s/nfs", driver, StringComparison.Ordinal)
        .Replace("      server: 10.0.0.5\n      share: '/exports/it''s'\n      protocol: tcp\n", string.Concat(options.Split('\n').Select(static line => $"      {line}\n")), StringComparison.Ordinal)
        .Replace("    fsType: nfs\n", "", StringComparison.Ordinal));

    [Theory]
    [InlineData("plugboard/local", "path: data\nsubPath: a", "/var/lib/flexvolume/local/data/a")]
    [InlineData("plugboard/local", "path: /srv/x", "/srv/x")]
    [InlineData("plugboard/local", "create: 'true'", "/var/lib/flexvolume/local/shop/data")]
    [InlineData("ramax.com/local-storage", "pvc-name: claim", "/srv/local/shop/claim")]
    public void A_directory_becomes_a_built_in_local_volume(string driver, string options, string path)
    {
        var converted = Of(driver, options);
        Assert.StartsWith("apiVersion: v1\nkind: PersistentVolume\nmetadata:\n  name: \"data-local\"\n", converted, StringComparison.Ordinal);
        Assert.Contains($"\n  local:\n    path: \"{path}\"\n", converted, StringComparison.Ordinal);
        Assert.Contains("nodeAffinity", converted, StringComparison.Ordinal);
        Assert.Contains("spec.volumeName: data-local", converted, StringComparison.Ordinal);
        Assert.DoesNotContain("csi:", converted, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_for_each_pod_has_no_volume_and_a_remedy() =>
        Assert.Contains("subPathExpr: $(POD_UID)", Assert.Throws<FlexException>(() => Of("plugboard/local", "path: x\npod-local: 'true'")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("plugboard/loop", "file: shop/disk.img\nfsType: xfs", "/var/lib/flexvolume/loop/shop/disk.img /mnt/data xfs loop,")]
    [InlineData("kvaps/loop", "share: /srv/images\nfile: a.img", "/srv/images/a.img /mnt/data ext4 loop,")]
    public void An_image_is_mounted_by_the_node_and_becomes_a_local_volume(string driver, string options, string line)
    {
        var converted = Of(driver, options);
        Assert.Contains("  local:\n    path: \"/mnt/data\"\n", converted, StringComparison.Ordinal);
        Assert.Contains(line, converted, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_becomes_an_emptyDir_of_the_pod()
    {
        var converted = Of("plugboard/tmpfs", "size: 16Mi\nnoswap: 'true'");
        Assert.Contains("    - name: \"data\"\n      emptyDir:\n        medium: Memory\n        sizeLimit: \"16Mi\"\n", converted, StringComparison.Ordinal);
        Assert.Contains("# An emptyDir has no noswap: true.", converted, StringComparison.Ordinal);
        Assert.DoesNotContain("sizeLimit:", Of("plugboard/tmpfs", "size: 10%"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_node_agents_directory_comes_from_its_own_CSI_driver() =>
        Assert.Contains("      csi:\n        driver: csi.tigera.io\n", Of("nodeagent/uds", "x: y"), StringComparison.Ordinal);

    [Fact]
    public void The_options_of_alicloud_become_those_of_csi_driver_nfs()
    {
        var converted = Of("alicloud/nas", "server: 10.0.0.5\npath: /a/b\nvers: '4.0'");
        Assert.Contains("      share: \"/\"\n      subDir: \"/a/b\"\n", converted, StringComparison.Ordinal);
        Assert.Contains("    - \"nfsvers=4.0\"\n", converted, StringComparison.Ordinal);
    }
}
