using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>Could an ADD get its addresses? Looks without a lock and leaves no trace.</summary>
internal static class Readiness
{
    /// <summary>
    /// Throws code 50 where none could, whatever else is released: the leases cannot be written, or the resolvConf file cannot be read.
    /// </summary>
    public static void Check(HostLocalConfig config, string network)
    {
        Try(() => Probe(config, network), "cannot write leases", config.DataDir);
        if (config.ResolvConf.Length > 0)
            Try(() => ResolvConf.Read(config.ResolvConf), "cannot read ipam.resolvConf", config.ResolvConf);
    }

    private static void Try(Action probe, string what, string path)
    {
        try
        {
            probe();
        }
        catch (ErrnoException e)
        {
            throw new CniException(CniErrorCode.PluginNotAvailable, $"{what}: {e.Message}", Advice(e.Errno, path), e);
        }
    }

    private static string Advice(Errno errno, string path) =>
        $"every ADD fails until {path} is repaired"
        + errno switch
        {
            Errno.ENOSPC or Errno.EDQUOT => ": " + SpaceShortage.Remedy(errno, path),
            Errno.EROFS => ": mount it writable; if the kernel made it read-only after an error, its log says so (dmesg)",
            Errno.ENOTDIR => ": a file has the place of a directory, move it away",
            Errno.ENOENT => ": the file is missing",
            _ => "",
        };

    private static void Probe(HostLocalConfig config, string network)
    {
        using var directory = LeaseDirectory.Find(config.DataDir, network);
        if (directory is not null)
        {
            directory.Files.ProbeWritable();
            return;
        }

        FileDirectory.ProbeWritable($"{config.DataDir}/{network}");
    }

    /// <summary>The range sets that have no address left, in words each.</summary>
    public static IReadOnlyList<string> FindUsedUp(HostLocalConfig config, string network)
    {
        var full = new List<string>();
        using var directory = LeaseDirectory.Find(config.DataDir, network);
        if (directory is null)
            return full;
        HashSet<IPAddr> used = [.. directory.ReadAddresses()];
        foreach (var set in config.RangeSets)
        {
            if (!HasFree(set, used, directory))
                full.Add($"{set} of network {network}: each of its {set.Size} addresses has a file in {directory.Files.Path}");
        }

        return full;
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
}
