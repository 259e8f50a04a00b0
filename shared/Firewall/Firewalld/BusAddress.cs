using System.Globalization;
using System.Text;

namespace Plugboard.Firewall.Firewalld;

/// <summary>
/// Where a D-Bus daemon listens, as in DBUS_SYSTEM_BUS_ADDRESS: <c>unix:path=/run/dbus/system_bus_socket;unix:abstract=x</c>. Only sockets
/// of this machine are understood. Source: D-Bus Specification, Server Addresses. Pure.
/// </summary>
internal static class BusAddress
{
    /// <summary>The address if the environment names none.</summary>
    public const string System = "unix:path=/var/run/dbus/system_bus_socket";

    /// <summary>The paths of the sockets, in their order; an abstract one begins with a NUL. Others are passed over.</summary>
    public static IReadOnlyList<string> Sockets(string address)
    {
        var sockets = new List<string>();
        foreach (var each in address.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!each.StartsWith("unix:", StringComparison.Ordinal))
                continue;
            foreach (var pair in each["unix:".Length..].Split(','))
            {
                if (pair.StartsWith("path=", StringComparison.Ordinal))
                    sockets.Add(Unescape(pair["path=".Length..]));
                else if (pair.StartsWith("abstract=", StringComparison.Ordinal))
                    sockets.Add('\0' + Unescape(pair["abstract=".Length..]));
            }
        }

        return sockets;
    }

    // %20 is a byte; what is not two hexadecimal digits stays.
    private static string Unescape(string value)
    {
        var bytes = new List<byte>(value.Length);
        for (var i = 0; i < value.Length; i++)
        {
            if (
                value[i] == '%'
                && i + 2 < value.Length
                && byte.TryParse(value.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var escaped)
            )
            {
                bytes.Add(escaped);
                i += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(value[i].ToString()));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
