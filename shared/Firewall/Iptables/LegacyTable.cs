using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Firewall.Iptables.Uapi;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Sockets;

namespace Plugboard.Firewall.Iptables;

/// <summary>
/// Looks into the tables of iptables-legacy without a process and without making them. The namespace is the calling thread's.
/// Source: include/uapi/linux/netfilter_ipv4/ip_tables.h; net/ipv4/netfilter/ip_tables.c (get_info, get_entries).
/// </summary>
public static class LegacyTable
{
    // Between asking for the size and for the entries another process may change the table.
    private const int MostAttempts = 10;

    // struct ipt_get_entries: name, size, and 4 bytes that align the entries.
    private const int EntriesStart = 40;

    // struct xt_error_target: the size, the target's name "ERROR" and its revision, then the chain's name.
    private const int TargetNameOffset = 2;
    private const int ChainNameOffset = 32;

    /// <summary>True if the namespace has the table. Reading a table's content creates it, so this comes first.</summary>
    /// <param name="is6">IPv6, else IPv4.</param>
    /// <param name="table">As <c>nat</c>.</param>
    /// <exception cref="ErrnoException">EPERM, EACCES: only root reads the list.</exception>
    public static bool Exists(bool is6, string table)
    {
        // /proc/net is of the process's first thread.
        using var names = FileDescriptor.FindKernelFile(
            is6 ? "/proc/thread-self/net/ip6_tables_names" : "/proc/thread-self/net/ip_tables_names"
        );
        return names is not null && Encoding.UTF8.GetString(names.ReadToEnd()).Split('\n').Contains(table);
    }

    /// <summary>True if the table has a chain of that name; false also where there is no such table.</summary>
    /// <exception cref="ErrnoException">EPERM without CAP_NET_ADMIN; EAGAIN: the table changed ten times while it was read.</exception>
    public static bool HasChain(bool is6, string table, string chain) => Exists(is6, table) && Chains(is6, table).Contains(chain);

    /// <summary>The names of the chains that are not built in, in the table's order; none where there is no such table.</summary>
    /// <exception cref="ErrnoException">EPERM without CAP_NET_ADMIN; EAGAIN: the table changed ten times while it was read.</exception>
    public static IReadOnlyList<string> ListChains(bool is6, string table) => Exists(is6, table) ? Chains(is6, table) : [];

    private static List<string> Chains(bool is6, string table) => ReadChains(Entries(is6, table).Bytes, is6);

    /// <summary>The table's entries as the kernel has them; null if there is no such table.</summary>
    /// <exception cref="ErrnoException">EPERM without CAP_NET_ADMIN; EAGAIN: the table changed ten times while it was read.</exception>
    internal static LegacyEntries? FindEntries(bool is6, string table) => Exists(is6, table) ? Entries(is6, table) : null;

    private static unsafe LegacyEntries Entries(bool is6, string table)
    {
        using var socket = RawIPSocket.Open(is6);
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var info = default(IptGetInfo);
            WriteName(table, MemoryMarshal.AsBytes(new Span<IptGetInfo>(ref info)));
            if (
                socket.GetOption(IpTablesH.IPT_SO_GET_INFO, MemoryMarshal.AsBytes(new Span<IptGetInfo>(ref info)))
                is var refusal
                    and not Errno.None
            )
                throw new ErrnoException("getsockopt", $"IPT_SO_GET_INFO of table {table}", refusal);
            var entries = new byte[EntriesStart + info.size];
            WriteName(table, entries);
            MemoryMarshal.Write(entries.AsSpan(IpTablesH.XT_TABLE_MAXNAMELEN), info.size);
            refusal = socket.GetOption(IpTablesH.IPT_SO_GET_ENTRIES, entries);
            if (refusal == Errno.None)
                return new LegacyEntries(
                    entries[EntriesStart..],
                    info.valid_hooks,
                    new ReadOnlySpan<uint>(info.hook_entry, 5).ToArray(),
                    (int)info.num_entries
                );
            if (refusal != Errno.EAGAIN)
                throw new ErrnoException("getsockopt", $"IPT_SO_GET_ENTRIES of table {table}", refusal);
        }

        throw new ErrnoException("getsockopt", $"IPT_SO_GET_ENTRIES of table {table}", Errno.EAGAIN);
    }

    private static void WriteName(string table, Span<byte> destination)
    {
        if (!Encoding.UTF8.TryGetBytes(table, destination[..(IpTablesH.XT_TABLE_MAXNAMELEN - 1)], out _))
            throw new ArgumentException($"a table's name is shorter than {IpTablesH.XT_TABLE_MAXNAMELEN} bytes", nameof(table));
    }

    /// <summary>
    /// Reads the chains' heads: entries whose target is ERROR with the chain's name. The last such entry ends the table and is called ERROR
    /// too.
    /// </summary>
    internal static List<string> ReadChains(ReadOnlySpan<byte> entries, bool is6)
    {
        var chains = new List<string>();
        var headSize = is6 ? Unsafe.SizeOf<Ip6tEntry>() : Unsafe.SizeOf<IptEntry>();
        while (entries.Length >= headSize)
        {
            var (target, next) = is6 ? Offsets6(entries) : Offsets4(entries);
            if (next < headSize || next > entries.Length)
                break;
            var end = target + ChainNameOffset + IpTablesH.XT_FUNCTION_MAXNAMELEN;
            if (end <= next && Text(entries[(target + TargetNameOffset)..]) == "ERROR")
                chains.Add(Text(entries[(target + ChainNameOffset)..end]));
            entries = entries[next..];
        }

        if (chains.Count > 0)
            chains.RemoveAt(chains.Count - 1);
        return chains;
    }

    private static (int Target, int Next) Offsets4(ReadOnlySpan<byte> entry)
    {
        var head = MemoryMarshal.Read<IptEntry>(entry);
        return (head.target_offset, head.next_offset);
    }

    private static (int Target, int Next) Offsets6(ReadOnlySpan<byte> entry)
    {
        var head = MemoryMarshal.Read<Ip6tEntry>(entry);
        return (head.target_offset, head.next_offset);
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        var end = bytes[..Math.Min(bytes.Length, IpTablesH.XT_FUNCTION_MAXNAMELEN)].IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes[..Math.Min(bytes.Length, IpTablesH.XT_FUNCTION_MAXNAMELEN)] : bytes[..end]);
    }
}
