using Plugboard.Doctor.Nodes;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Doctor.Checks;

/// <summary>Whether the kernel can do what the network configs ask for.</summary>
internal sealed class KernelCheck : ICheck
{
    // NAT in inet tables is there since 5.2, sets of intervals of several fields since 5.6.
    private const int Major = 5;
    private const int Minor = 6;

    public string Name => "kernel features";

    public IEnumerable<Finding> Examine(Node node)
    {
        var plugins = node.Plugins.ToList();
        return Judge(
            KernelFeatures.Probe() with
            {
                IsRecent = KernelRelease.IsAtLeast(Major, Minor),
                Overlay = HasOverlay(node),
            },
            new KernelFeatures
            {
                NfTables = plugins.Exists(static plugin => plugin.NeedsNat || plugin.NeedsSpoofCheck),
                InetNat = plugins.Exists(static plugin => plugin.NeedsNat),
                NftBridge = plugins.Exists(static plugin => plugin.NeedsSpoofCheck),
                Bridge = plugins.Exists(static plugin => plugin.Bridge is not null),
                Vxlan = plugins.Exists(static plugin => plugin.SubnetFile is not null) && UsesVxlan(node),
                Overlay = node.ChosenNetwork is not null,
                IsRecent = plugins.Exists(static plugin => plugin.NeedsNat),
            }
        );
    }

    /// <summary>The missing features that are needed.</summary>
    internal static IEnumerable<Finding> Judge(KernelFeatures has, KernelFeatures needs)
    {
        if (needs.NfTables && !has.NfTables)
        {
            // Without nf_tables the rest of nftables is missing as well.
            yield return Lack(
                FindingIds.KernelNfTables,
                "nf_tables",
                "published ports and masquerading fall back to iptables, which must be installed; macspoofchk fails"
            );
            has = has with { InetNat = true, NftBridge = true, IsRecent = true };
        }

        if (needs.InetNat && !has.InetNat)
            yield return Lack(
                FindingIds.KernelInetNat,
                "NAT in nftables' inet tables (nft_nat, nft_masq, nft_chain_nat)",
                "published ports and masquerading fall back to iptables, which must be installed"
            );
        else if (needs.IsRecent && !has.IsRecent)
            yield return Lack(
                FindingIds.KernelTooOld,
                $"what came with Linux {Major}.{Minor} (sets of intervals of several fields)",
                "published ports and masquerading fall back to iptables, which must be installed"
            );
        if (needs.NftBridge && !has.NftBridge)
            yield return Lack(
                FindingIds.KernelNftBridge,
                "nftables for bridges (nf_tables family bridge)",
                "pods of networks with macspoofchk do not start"
            );
        if (needs.Bridge && !has.Bridge)
            yield return Lack(FindingIds.KernelBridge, "bridges or veth pairs (modules bridge, veth)", "no pod of a bridge network starts");
        if (needs.Vxlan && !has.Vxlan)
            yield return Lack(FindingIds.KernelVxlan, "VXLAN (module vxlan)", "pods do not reach those of other nodes");
        if (needs.Overlay && !has.Overlay)
            yield return Lack(
                FindingIds.KernelOverlay,
                "the overlay filesystem (module overlay)",
                "the runtime unpacks images into a slower snapshotter, or not at all"
            );
    }

    private static Finding Lack(string id, string feature, string why) =>
        new(
            id,
            Severity.Error,
            $"missing in the kernel: {feature}",
            why,
            "install the package of the kernel's extra modules (linux-modules-extra, kernel-modules), or a kernel that has it; "
                + "`modprobe` reports why a module does not load"
        )
        {
            Subject = feature,
        };

    private static bool UsesVxlan(Node node) =>
        ClusterFiles.DurableFile.FindReadable(node.Under(node.Options.NetConfFile)) is not { } content
        || System.Text.Encoding.UTF8.GetString(content) is var text
            && (
                text.Contains("vxlan", StringComparison.OrdinalIgnoreCase) || !text.Contains("\"Type\"", StringComparison.OrdinalIgnoreCase)
            );

    // The first mount loads a module that is not loaded yet. If neither list can be read, there is no finding.
    private static bool HasOverlay(Node node)
    {
        using var known = FileDescriptor.FindKernelFile("/proc/filesystems");
        if (known is null || System.Text.Encoding.ASCII.GetString(known.ReadToEnd()).Contains("\toverlay\n", StringComparison.Ordinal))
            return true;
        using var modules = FileDescriptor.FindForReading(node.Under($"/lib/modules/{Sysctl.Find("kernel/osrelease")}/modules.dep"));
        return modules is null
            || System.Text.Encoding.UTF8.GetString(modules.ReadToEnd()).Contains("/overlay.ko", StringComparison.Ordinal);
    }
}
