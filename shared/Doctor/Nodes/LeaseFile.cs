using Plugboard.Addresses;
using Plugboard.Ipam.HostLocal;

namespace Plugboard.Doctor.Nodes;

/// <summary>A lease of host-local.</summary>
/// <param name="DataDirectory">The directory of all networks' leases, as this process sees it.</param>
/// <param name="Network">The network's name.</param>
/// <param name="Address">The address.</param>
/// <param name="Content">What it says.</param>
/// <param name="Age">Since when it is there.</param>
internal sealed record LeaseFile(string DataDirectory, string Network, IPAddr Address, LeaseContent Content, TimeSpan Age)
{
    /// <summary>Its path, as this process sees it.</summary>
    public string Path => $"{DataDirectory}/{Network}/{Address}";

    /// <summary>Reads all leases in a directory; none where it is missing.</summary>
    public static IEnumerable<LeaseFile> ReadAll(string dataDirectory, DateTimeOffset now)
    {
        foreach (var network in NetworksIn(dataDirectory))
        {
            using var directory = LeaseDirectory.Find(dataDirectory, network);
            foreach (var lease in directory?.Scan() ?? [])
            {
                var written = directory!.Files.FindStatus(lease.Address.ToString())?.ModifiedNanoseconds ?? 0;
                yield return new LeaseFile(dataDirectory, network, lease.Address, lease.Content, Ages.Since(written, now));
            }
        }
    }

    /// <summary>The networks that have a directory.</summary>
    public static IReadOnlyList<string> NetworksIn(string dataDirectory)
    {
        using var directory = Linux.Files.FileDirectory.Find(dataDirectory);
        return directory?.ReadNames().FindAll(name => name[0] != '.' && directory.FindStatus(name) is { IsDirectory: true }) ?? [];
    }
}
