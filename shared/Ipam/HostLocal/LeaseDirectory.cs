using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux.Files;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// The files of <c>dataDir/network</c>, to the byte as the reference keeps them, so that both can work on one directory: <c>lock</c>, a
/// lease a file, named by its address, and <c>last_reserved_ip.N</c> for each range set. Nothing is synchronised to the disk: after a loss
/// of power no container is left to own a lease, and a file that lost its content is garbage.
/// </summary>
internal sealed class LeaseDirectory : IDisposable
{
    private const uint DirectoryMode = 0x1ed; // 0755
    private const uint LockMode = 0x1e8; // 0750, as the reference's
    private const uint FileMode = 0x180; // 0600

    private LeaseDirectory(FileDirectory files) => Files = files;

    /// <summary>The directory itself.</summary>
    public FileDirectory Files { get; }

    /// <summary>Opens the directory, which is made where it is missing.</summary>
    public static LeaseDirectory Ensure(string dataDir, string network) => new(FileDirectory.Ensure($"{dataDir}/{network}", DirectoryMode));

    /// <summary>Opens the directory; null where it is missing.</summary>
    public static LeaseDirectory? Find(string dataDir, string network) =>
        FileDirectory.Find($"{dataDir}/{network}") is { } files ? new LeaseDirectory(files) : null;

    /// <summary>Takes the lock that every implementation takes.</summary>
    public FileLock Lock(TimeSpan timeout)
    {
        var file = Files.OpenOrCreate("lock", LockMode);
        try
        {
            return FileLock.Take(file, timeout);
        }
        catch (Exception)
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What the address's file says; null where there is none.</summary>
    public LeaseContent? Find(IPAddr address)
    {
        Span<byte> buffer = stackalloc byte[LeaseContent.LongestFile];
        return Files.FindContent(address.ToString(), buffer) switch
        {
            null => null,
            < 0 => new LeaseContent(LeaseState.Alien, default),
            var length => LeaseContent.Parse(buffer[..length.Value]),
        };
    }

    /// <summary>Writes the lease that <see cref="UnnamedFile.TryLink"/> then names by its address.</summary>
    public UnnamedFile CreateLease(Attachment owner) => Files.CreateUnnamed(owner.ToContent(), FileMode);

    /// <summary>Removes the address's file; false where there is none.</summary>
    public bool Remove(IPAddr address) => Files.Remove(address.ToString());

    /// <summary>The addresses that have a file: one pass over the names, no file is opened.</summary>
    public List<IPAddr> ReadAddresses()
    {
        var names = Files.ReadNames();
        var addresses = new List<IPAddr>(names.Count);
        foreach (var name in names)
        {
            // Only an address written as we write it is a lease: `2001:DB8::1` is nobody's file.
            if (IPAddr.TryParse(name, out var address) && address.ToString() == name)
                addresses.Add(address);
        }

        return addresses;
    }

    /// <summary>Every file that has an address for its name: opens them all, so what is on a verb's usual path asks the index.</summary>
    public List<Lease> Scan()
    {
        var addresses = ReadAddresses();
        var leases = new List<Lease>(addresses.Count);
        foreach (var address in addresses)
        {
            if (Find(address) is { } content)
                leases.Add(new Lease(address, content));
        }

        return leases;
    }

    /// <summary>The address that was given out last from that range set; null where nobody knows.</summary>
    public IPAddr? FindLastReserved(int set)
    {
        Span<byte> buffer = stackalloc byte[64];
        return
            Files.FindContent(LastReservedName(set), buffer) is { } length and >= 0
            && IPAddr.TryParse(Encoding.UTF8.GetString(buffer[..length]), out var address)
            ? address
            : null;
    }

    /// <summary>Remembers the address that was given out last from that range set. Torn, it only restarts the turn.</summary>
    public void WriteLastReserved(int set, IPAddr address) =>
        Files.Overwrite(LastReservedName(set), Encoding.UTF8.GetBytes(address.ToString()), FileMode);

    private static string LastReservedName(int set) => $"last_reserved_ip.{set}";

    /// <inheritdoc/>
    public void Dispose() => Files.Dispose();
}
