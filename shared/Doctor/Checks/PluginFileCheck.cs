using Plugboard.ClusterFiles;
using Plugboard.Doctor.Nodes;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Doctor.Checks;

/// <summary>Whether the plugins of the network configs in use can be executed, and speak their version.</summary>
internal sealed class PluginFileCheck : ICheck
{
    private static readonly string[] ours =
    [
        "bandwidth",
        "bridge",
        "dhcp",
        "dummy",
        "firewall",
        "flannel",
        "host-device",
        "host-local",
        "ipvlan",
        "loopback",
        "macvlan",
        "portmap",
        "ptp",
        "sbr",
        "sriov",
        "static",
        "tap",
        "tuning",
        "vlan",
        "vrf",
    ];

    public string Name => "executables of the plugins";

    public IEnumerable<Finding> Examine(Node node)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var use in node.UsedNetworks)
        {
            foreach (var fault in node.FaultsOf(use).Where(fault => told.Add(fault.Path + fault.Type)))
                yield return Describe(node, use, fault);
        }
    }

    private static Finding Describe(Node node, NetworkUse use, MissingPlugin fault)
    {
        var path = node.Host is null ? fault.Path.Replace(node.Under("") + "/", "/", StringComparison.Ordinal) : fault.Path;
        return new Finding(
            FindingIds.PluginMissing,
            Severity.Error,
            $"plugin {fault.Type} of network {use.List.Name}: {path}: {fault.Why}",
            "every new pod of the network fails with it",
            Remedy(node, use, fault with { Path = path })
        )
        {
            Subject = fault.Type,
        };
    }

    private static string Remedy(Node node, NetworkUse use, MissingPlugin fault) =>
        fault.Fault switch
        {
            PluginFault.Missing => $"the runtime looks into {use.Described}: {Directory(node, use)}{Supply(node, use, fault.Type)}",
            PluginFault.NotExecutable => $"`chmod 0755 {fault.Path}`",
            PluginFault.NoExec =>
                $"`mount -o remount,exec {fault.Mount}`, and in /etc/fstab for the next boot; or configure another directory of "
                    + "plugins in the runtime",
            PluginFault.Refused =>
                "the audit log names the module and its rule (`ausearch -m avc`, `journalctl -k`); `restorecon` on SELinux",
            // Ours speak none later.
            PluginFault.OtherVersion when CniVersions.Compare(use.List.CniVersion, CniVersions.Current) > 0 =>
                $"use a cniVersion in {node.OnNode(use.File.Path)} that it speaks",
            PluginFault.OtherVersion =>
                $"{Supply(node, use, fault.Type)}; or use a cniVersion in {node.OnNode(use.File.Path)} that it speaks",
            _ => Supply(node, use, fault.Type),
        };

    // The installer does not make it, and a copy needs it.
    private static string Directory(Node node, NetworkUse use) =>
        use.BinDirectories.Any(directory => Exists(node.Under(directory))) ? "" : $"`mkdir -p {use.BinDirectories[0]}`, then ";

    private static string Supply(Node node, NetworkUse use, string type)
    {
        var target = use.BinDirectories.FirstOrDefault(directory => Exists(node.Under(directory))) ?? use.BinDirectories[0];
        if (ours.Contains(type))
            return $"`installer install --bin-dir {InstallsInto(node, target)}` puts ours there";
        return $"install the program that {type} belongs to: on Kubernetes read the log of its pod on this node; it puts an executable for "
            + $"this processor into {target}";
    }

    private static string InstallsInto(Node node, string target) =>
        node.Options.BinDirectories is [var given, ..] ? given
        : node.Runtime is null && node.Podman is not null ? target
        : "auto";

    private static bool Exists(string path)
    {
        try
        {
            return FileDescriptor.FindStatus(path) is { IsDirectory: true };
        }
        catch (ErrnoException)
        {
            return false;
        }
    }
}
