using Plugboard.Doctor.Fixing;
using Plugboard.Doctor.Nodes;
using Plugboard.Linux.Files;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// What plugins keep on disk for attachments of containers that the runtime does not know: their DEL never came, or failed.
/// </summary>
internal sealed class StateFileCheck : ICheck
{
    private const string Tuning = "/run/cni/tuning";
    private const string Devices = "/run/plugboard/host-device";
    private const string Functions = "/var/lib/cni/sriov";
    private const string Suffix = ".json";
    private const string Lease = "lease-";
    private const string Release = "release-";

    public string Name => "plugins' files";

    public IEnumerable<Finding> Examine(Node node) =>
        node.CacheTells
            ? [.. Backups(node), .. TakenDevices(node), .. TakenFunctions(node), .. Leases(node), .. DelegateConfigs(node)]
            : [];

    private static IEnumerable<Finding> Backups(Node node)
    {
        var directories = node.Plugins.Select(static plugin => plugin.BackupDirectory).OfType<string>().Append(Tuning);
        foreach (var directory in directories.Distinct(StringComparer.Ordinal))
        {
            foreach (var name in NamesOf(node, directory).Where(static name => name.EndsWith(Suffix, StringComparison.Ordinal)))
            {
                var path = $"{directory}/{name}";
                if (IsOfKnown(node, name[..^Suffix.Length], '_'))
                    continue;
                yield return new Finding(
                    FindingIds.TuningBackupStale,
                    Severity.Notice,
                    $"{path} is of a container that the runtime does not know",
                    "tuning's DEL never came for it; it only takes space",
                    $"`rm {path}`"
                )
                {
                    Subject = path,
                    MayPass = true,
                    Fix = new RemoveFile(node.Under(path), path),
                };
            }
        }
    }

    // A container's id and an interface's name may hold the sign that is between them.
    private static bool IsOfKnown(Node node, string name, char between)
    {
        for (var at = name.IndexOf(between); at >= 0; at = name.IndexOf(between, at + 1))
        {
            if (node.KnowsContainer(name[..at]))
                return true;
        }

        return false;
    }

    // Those of an ADD that goes on are young.
    private static IEnumerable<string> NamesOf(Node node, string path)
    {
        using var directory = FileDirectory.Find(node.Under(path));
        foreach (var name in directory?.ReadNames() ?? [])
        {
            if (
                !name.StartsWith('.')
                && directory!.FindStatus(name) is { IsRegular: true } status
                && Ages.Since(status.ModifiedNanoseconds, node.Now) >= node.Options.Grace
            )
                yield return name;
        }
    }

    private static IEnumerable<OwnedFile> Forgotten(Node node, string directory, string prefix) =>
        OwnedFile
            .ReadAll(node.Under(directory), prefix, node.Now)
            .Where(file => file.Age >= node.Options.Grace && !node.KnowsContainer(file.Owner.ContainerId));

    private static IEnumerable<Finding> TakenDevices(Node node)
    {
        foreach (var file in Forgotten(node, Devices, ""))
        {
            yield return new Finding(
                FindingIds.DeviceNotReturned,
                Severity.Warning,
                $"device {file.Find("name")} is recorded for {file.Owner}, which the runtime does not know",
                "the node misses the device, or has it with the container's name and settings; no other pod can get it",
                new RepeatedDel("host-device", file.Owner)
                {
                    Keys = $"\"device\":\"{file.Find("name")}\"",
                    NetNs = file.Find("netns"),
                }.Remedy(node)
            )
            {
                Subject = file.Path,
                MayPass = true,
            };
        }
    }

    private static IEnumerable<Finding> TakenFunctions(Node node)
    {
        foreach (var name in NamesOf(node, Functions))
        {
            var path = $"{Functions}/{name}";
            if (IsOfKnown(node, name, '-') || VfFile.Read(node.Under(path), name) is not { } file)
                continue;
            yield return new Finding(
                FindingIds.VfNotReturned,
                Severity.Warning,
                $"virtual function {file.Device} is recorded for {file.Owner}, which the runtime does not know",
                "it keeps the settings of that pod, and no other pod can get it while it counts as allocated",
                new RepeatedDel("sriov", file.Owner) { ConfigFile = path, Delegates = file.Delegates }.Remedy(node)
            )
            {
                Subject = path,
                MayPass = true,
            };
        }
    }

    private static IEnumerable<Finding> Leases(Node node)
    {
        var sockets = node.Plugins.Select(static plugin => plugin.DhcpSocket).OfType<string>().Append(PluginUse.UsualDhcpSocket);
        foreach (var socket in sockets.Distinct(StringComparer.Ordinal))
        {
            // Those that a DEL has marked, the daemon releases with its next start.
            foreach (var file in Forgotten(node, $"{socket}.leases", Lease).Where(static file => !IsMarked(file)))
            {
                yield return new Finding(
                    FindingIds.DhcpLeaseStale,
                    Severity.Warning,
                    $"the DHCP lease of {file.Owner} is kept, and the runtime does not know the container",
                    "the daemon renews it as long as it runs: the server gives the address to no other host",
                    new RepeatedDel("dhcp", file.Owner)
                    {
                        Keys = $"\"ipam\":{{\"type\":\"dhcp\",\"daemonSocketPath\":\"{socket}\"}}",
                        Instead = $"`rm -f {file.Path}` where no daemon runs: the lease then ends when the server says",
                    }.Remedy(node)
                )
                {
                    Subject = file.Path,
                    MayPass = true,
                };
            }
        }
    }

    private static IEnumerable<Finding> DelegateConfigs(Node node)
    {
        var directories = node.Plugins.Select(static plugin => plugin.FlannelDirectory).OfType<string>();
        foreach (var directory in directories.Append(PluginUse.UsualFlannelDirectory).Distinct(StringComparer.Ordinal))
        {
            foreach (var name in NamesOf(node, directory))
            {
                var path = $"{directory}/{name}";
                var file = FlannelFile.Read(node.Under(path), name);
                if (node.KnowsContainer(file.ContainerId))
                    continue;
                yield return new Finding(
                    FindingIds.FlannelStateStale,
                    Severity.Notice,
                    $"{path} is of a container that the runtime does not know",
                    "flannel's DEL never came for it; the address that its delegate has taken may still be leased",
                    file.Owner is { } owner
                        ? new RepeatedDel("flannel", owner)
                        {
                            Keys = DataDirKey(directory),
                            Delegates = file.Delegates,
                            Instead = $"`rm -f {path}`: a lease that stays is a finding of its own",
                        }.Remedy(node)
                        : $"its content does not say of which network it is: `rm {path}`"
                )
                {
                    Subject = path,
                    MayPass = true,
                };
            }
        }
    }

    private static string DataDirKey(string directory) =>
        directory == PluginUse.UsualFlannelDirectory ? "" : $"\"dataDir\":\"{directory}\"";

    private static bool IsMarked(OwnedFile file)
    {
        var mark = $"{Path.GetDirectoryName(file.Path)}/{Release}{Path.GetFileName(file.Path)[Lease.Length..]}";
        return FileDescriptor.FindStatus(mark) is not null;
    }
}
