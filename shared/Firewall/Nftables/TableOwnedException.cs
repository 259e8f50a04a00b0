using System.Globalization;
using Plugboard.Linux;

namespace Plugboard.Firewall.Nftables;

/// <summary>A table that only the process that made it can change: <c>flags owner</c> (Linux 5.12). It goes with that process.</summary>
/// <param name="table">The table as the kernel has it.</param>
public sealed class TableOwnedException(Table table)
    : ErrnoException(
        "nftables",
        table.ToString(),
        Errno.EPERM,
        string.Create(
            CultureInfo.InvariantCulture,
            $"table {table} belongs to another process (flags owner, netlink port {table.OwnerPortId}), and only that process can change it"
        )
    )
{
    /// <summary>The table.</summary>
    public Table Table { get; } = table;
}
