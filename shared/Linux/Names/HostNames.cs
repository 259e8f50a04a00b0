using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux.Files;
using Plugboard.Linux.Sockets;

namespace Plugboard.Linux.Names;

/// <summary>
/// Finds the addresses of a server's name: /etc/hosts, then the name servers of /etc/resolv.conf. The C library's own way loads shared
/// libraries and is not there in a static executable.
/// </summary>
public static class HostNames
{
    /// <summary>How long <see cref="Resolve"/> takes at most.</summary>
    public static readonly TimeSpan LongestTime = TimeSpan.FromSeconds(8);

    /// <summary>
    /// The address of a name or of an address's text: the first with a route, IPv4 before IPv6; null if the name is unknown.
    /// </summary>
    public static IPAddr? Find(string name)
    {
        var found = Resolve(name).Addresses;
        foreach (var address in found.OrderBy(static address => address.Is6))
        {
            if (found.Count == 1 || InternetSocket.FindOwnAddress(address) is not null)
                return address;
        }

        return found.Count > 0 ? found[0] : null;
    }

    /// <summary>
    /// All addresses of a name, or the address that a text is, with or without brackets. Waits for name servers, no longer than
    /// <see cref="LongestTime"/>.
    /// </summary>
    public static NameLookup Resolve(string name)
    {
        if (IPAddr.TryParse(name.Trim('[', ']'), out var address))
            return new NameLookup([address]);
        if (HostsFile.FindAll(Read("/etc/hosts"), name) is { Count: > 0 } known)
            return new NameLookup(known);
        // RFC 6761, 6.3: localhost is not looked up.
        return IsLoopback(name)
            ? new NameLookup([IPAddr.Parse("127.0.0.1"), IPAddr.Parse("::1")])
            : new Resolver(ResolverConfig.Parse(Read("/etc/resolv.conf")), LongestTime).Resolve(name);
    }

    private static bool IsLoopback(string name) =>
        name.TrimEnd('.') is var whole
        && (
            whole.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || whole.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        );

    private static string Read(string path)
    {
        using var file = FileDescriptor.FindForReading(path);
        return file is null ? "" : Encoding.UTF8.GetString(file.ReadToEnd());
    }
}

/// <summary>The result of a name's lookup.</summary>
/// <param name="Addresses">The addresses; if empty, see <paramref name="Failure"/>.</param>
/// <param name="Failure">Why there are no addresses, without the name: <c>no such name (10.0.0.1)</c>, <c>no name server could say:
/// 10.0.0.1: SERVFAIL</c>. Empty if there are addresses.</param>
public sealed record NameLookup(IReadOnlyList<IPAddr> Addresses, string Failure = "");
