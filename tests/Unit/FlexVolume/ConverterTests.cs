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

    [Fact]
    public void What_no_CSI_driver_takes_is_said() =>
        Assert.Contains("no CSI driver takes volumes of plugboard/loop", Assert.Throws<FlexException>(() => Converter.Convert(Nfs.Replace("k8s/nfs", "plugboard/loop", StringComparison.Ordinal))).Message, StringComparison.Ordinal);
}
