using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux.Files;
using Plugboard.Linux.Sockets;

namespace Plugboard.Linux.Names;

/// <summary>
/// Finds the address of a server's name: /etc/hosts, then the name servers of /etc/resolv.conf. The C library's own way loads shared libraries and is
/// not there in a static executable.
/// </summary>
public static class HostNames
{
    private const ushort DnsPort = 53;
    private const int MostServers = 3;
    private static readonly TimeSpan answerTime = TimeSpan.FromSeconds(2);

    /// <summary>The address of a name or of an address's text, IPv4 first; null where nobody knows it.</summary>
    public static IPAddr? Find(string name)
    {
        if (IPAddr.TryParse(name.Trim('[', ']'), out var address))
            return address;
        if (FindInHosts(Read("/etc/hosts"), name) is { } known)
            return known;
        var (servers, search) = ParseResolvConf(Read("/etc/resolv.conf"));
        foreach (var full in Candidates(name, search))
        {
            if (Ask(servers, full, is6: false) is { } found)
                return found;
            if (Ask(servers, full, is6: true) is { } found6)
                return found6;
        }

        return null;
    }

    /// <summary>The first address that hosts(5) has for a name.</summary>
    internal static IPAddr? FindInHosts(string text, string name)
    {
        foreach (var line in text.Split('\n'))
        {
            var words = WithoutComment(line).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            for (var i = 1; i < words.Length; i++)
            {
                if (words[i].Equals(name, StringComparison.OrdinalIgnoreCase) && IPAddr.TryParse(words[0], out var address))
                    return address;
            }
        }

        return null;
    }

    /// <summary>The name servers and the search list of resolv.conf(5).</summary>
    internal static (List<IPAddr> Servers, List<string> Search) ParseResolvConf(string text)
    {
        var servers = new List<IPAddr>();
        var search = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            var words = WithoutComment(line).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words is ["nameserver", var server, ..] && servers.Count < MostServers && IPAddr.TryParse(server, out var address))
                servers.Add(address);
            else if (words is ["search" or "domain", ..])
                search = [.. words[1..]];
        }

        return (servers, search);
    }

    // As with "options ndots:1": a name with a dot is tried as it is first.
    private static List<string> Candidates(string name, List<string> search)
    {
        var names = new List<string>();
        if (name.Contains('.', StringComparison.Ordinal))
            names.Add(name);
        foreach (var domain in search)
            names.Add($"{name}.{domain}");
        if (names.Count == 0 || names[0] != name)
            names.Add(name);
        return names;
    }

    private static IPAddr? Ask(List<IPAddr> servers, string name, bool is6)
    {
        // Random enough that nobody who does not see the question guesses it.
        var id = (ushort)Random.Shared.Next(ushort.MaxValue + 1);
        if (DnsMessage.Ask(id, name, is6) is not { } question)
            return null;
        foreach (var server in servers)
        {
            if (InternetSocket.Ask(server, DnsPort, question, answerTime) is { } answer)
                return DnsMessage.FindAddress(answer, id, is6);
        }

        return null;
    }

    private static string WithoutComment(string line)
    {
        var at = line.IndexOfAny(['#', ';']);
        return at < 0 ? line : line[..at];
    }

    private static string Read(string path)
    {
        using var file = FileDescriptor.FindForReading(path);
        return file is null ? "" : Encoding.UTF8.GetString(file.ReadToEnd());
    }
}
