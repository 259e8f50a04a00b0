using System.Text;
using Plugboard.Installer.FlexVolume.Conversion;

namespace Plugboard.Tests.Unit.FlexVolume;

/// <summary>A volume of FlexVolume, and what it is converted to.</summary>
internal static class ConvertedVolume
{
    /// <summary>A volume of k8s/nfs, as somebody wrote it.</summary>
    public const string Nfs = """
        apiVersion: v1
        kind: PersistentVolume
        metadata:
          name: data   # of the shop
        spec:
          capacity:
            storage: 1Gi
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

    /// <summary>What a manifest is converted to.</summary>
    public static string Convert(string text) => Converter.Convert(Encoding.UTF8.GetBytes(text)).Text;

    /// <summary>What the volume is converted to with another driver and its options, a line each.</summary>
    public static string Of(string driver, string options) =>
        Convert(
            Nfs.Replace("k8s/nfs", driver, StringComparison.Ordinal)
                .Replace(
                    "      server: 10.0.0.5\n      share: '/exports/it''s'\n      protocol: tcp\n",
                    string.Concat(options.Split('\n').Select(static line => $"      {line}\n")),
                    StringComparison.Ordinal
                )
                .Replace("    fsType: nfs\n", "", StringComparison.Ordinal)
        );
}
