using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>Could an ADD get its addresses? Looks without a lock and leaves no trace.</summary>
internal static class Readiness
{
    /// <summary>Throws code 50 where not.</summary>
    public static void Check(HostLocalConfig config, string network)
    {
        using var directory = LeaseDirectory.Find(config.DataDir, network);
        if (directory is null)
        {
            using var parent = NearestParent($"{config.DataDir}/{network}");
            Probe(parent);
            return;
        }

        Probe(directory.Files);
        HashSet<IPAddr> used = [.. directory.ReadAddresses()];
        for (var i = 0; i < config.RangeSets.Count; i++)
        {
            if (!HasFree(config.RangeSets[i], used, directory))
            {
                throw new CniException(
                    CniErrorCode.PluginNotAvailable,
                    $"no IP addresses available in range set: {config.RangeSets[i]}",
                    $"all addresses of range set {i} have a file in {directory.Files.Path}");
            }
        }
    }

    private static bool HasFree(RangeSet ranges, HashSet<IPAddr> used, LeaseDirectory directory)
    {
        foreach (var candidate in ranges.Turn(null))
        {
            if (!used.Contains(candidate.Address))
                return true;
        }

        foreach (var candidate in ranges.Turn(null))
        {
            if (directory.Find(candidate.Address) is null or { State: LeaseState.Torn })
                return true;
        }

        return false;
    }

    private static void Probe(FileDirectory directory)
    {
        try
        {
            directory.ProbeWritable();
        }
        catch (ErrnoException e)
        {
            throw new CniException(CniErrorCode.PluginNotAvailable, $"cannot write leases: {e.Message}", $"make {directory.Path} writable", e);
        }
    }

    private static FileDirectory NearestParent(string path)
    {
        while (true)
        {
            var slash = path.LastIndexOf('/');
            path = slash > 0 ? path[..slash] : slash == 0 ? "/" : ".";
            if (FileDirectory.Find(path) is { } found)
                return found;
        }
    }
}
