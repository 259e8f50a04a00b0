using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>resolv.conf(5) as the reference reads it: <c>domain</c> is the last one, all else adds up over the lines, values are not validated.</summary>
internal static class ResolvConf
{
    private const int LongestLine = 64 * 1024;

    private const int LongestFile = 1 << 20;

    /// <summary>Reads a file.</summary>
    /// <exception cref="CniException">Code 7: it is missing. Code 5: it cannot be read, or is no regular file.</exception>
    public static CniDns Read(string path)
    {
        try
        {
            using var file = FileDescriptor.OpenForReading(path);
            return Parse(Encoding.UTF8.GetString(file.ReadToEnd(LongestFile)));
        }
        catch (ErrnoException e)
        {
            var advice = path.StartsWith('/') ? "correct ipam.resolvConf, or make the file" : "ipam.resolvConf is relative, which the runtime's working directory decides: give an absolute path";
            throw new CniException(e.Errno == Errno.ENOENT ? CniErrorCode.InvalidNetworkConfig : CniErrorCode.IOFailure, $"ipam.resolvConf: {e.Message}", advice, e);
        }
    }

    /// <summary>Reads a file's text.</summary>
    public static CniDns Parse(string text)
    {
        var (domain, nameservers, search, options) = ("", new List<string>(), new List<string>(), new List<string>());
        foreach (var line in text.Split('\n'))
        {
            if (line.Length >= LongestLine)
                throw new CniException(CniErrorCode.DecodingFailure, "bufio.Scanner: token too long", "a line of the resolvConf file has more than 64 KiB");
            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0][0] is '#' or ';')
                continue;
            switch (words[0])
            {
                case "nameserver":
                    nameservers.Add(words[1]);
                    break;
                case "domain":
                    domain = words[1];
                    break;
                case "search":
                    search.AddRange(words[1..]);
                    break;
                case "options":
                    options.AddRange(words[1..]);
                    break;
                default:
                    break;
            }
        }

        return new CniDns { Nameservers = nameservers, Domain = domain, Search = search, Options = options };
    }
}
