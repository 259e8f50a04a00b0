using System.Globalization;
using Plugboard.Addresses;

namespace Plugboard.Linux.Names;

/// <summary>A name server of resolv.conf(5).</summary>
/// <param name="Address">Its address.</param>
/// <param name="Scope">The number of the link that a link-local address is on; 0: none was named.</param>
internal readonly record struct NameServer(IPAddr Address, uint Scope)
{
    /// <summary>The port that name servers listen on.</summary>
    public const ushort Port = 53;

    /// <summary>
    /// Reads <c>10.0.0.1</c>, <c>fd00::1</c>, <c>fe80::1%eth0</c> or <c>fe80::1%2</c>; null for anything else, and for a link that does not
    /// exist.
    /// </summary>
    public static NameServer? Parse(string text)
    {
        var at = text.IndexOf('%', StringComparison.Ordinal);
        if (!IPAddr.TryParse(at < 0 ? text : text[..at], out var address))
            return null;
        if (at < 0)
            return new NameServer(address, 0);
        var link = text[(at + 1)..];
        if (!uint.TryParse(link, NumberStyles.None, CultureInfo.InvariantCulture, out var scope))
            scope = LibC.Inet.IfNameToIndex(link);
        return address.Is6 && scope != 0 ? new NameServer(address, scope) : null;
    }

    /// <summary>As in resolv.conf, the link as its number.</summary>
    public override string ToString() =>
        Scope == 0 ? Address.ToString() : string.Create(CultureInfo.InvariantCulture, $"{Address}%{Scope}");
}
