using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// resolv.conf(5) as the reference reads it: <c>domain</c> is the last one, all else adds up over the lines, values are not validated.
/// </summary>
internal static class ResolvConf
{
    private const int LongestLine = 64 * 1024;

    private const int LongestFile = 1 << 20;

    private const string Advice = "correct or remove resolvConf in the network config";

    /// <summary>Reads a file.</summary>
    /// <exception cref="CniException">Code 7: absent, or not a file. Code 5: it cannot be read.</exception>
    public static CniDns Read(string path)
    {
        // A usual way to say "none".
        if (path == "/dev/null")
            return Parse("");
        try
        {
            using var file =
                FileDescriptor.FindForReading(path)
                ?? throw Unusable(
                    path,
                    path.StartsWith('/') ? " does not exist" : " does not exist in the runtime's working directory: use an absolute path"
                );
            return Parse(Encoding.UTF8.GetString(file.ReadToEnd(LongestFile)));
        }
        catch (UnusableFileException e)
        {
            throw Unusable("", e.Message, e);
        }
        catch (ErrnoException e)
        {
            throw new CniException(CniErrorCode.IOFailure, $"ipam.resolvConf: {e.Message}", Advice, e);
        }
    }

    private static CniException Unusable(string path, string why, Exception? cause = null) =>
        new(CniErrorCode.InvalidNetworkConfig, cause is null ? $"ipam.resolvConf {path}{why}" : $"ipam.resolvConf: {why}", Advice, cause);

    /// <summary>Reads a file's text.</summary>
    public static CniDns Parse(string text)
    {
        var (domain, nameservers, search, options) = ("", new List<string>(), new List<string>(), new List<string>());
        foreach (var line in text.Split('\n'))
        {
            if (line.Length >= LongestLine)
                throw new CniException(
                    CniErrorCode.DecodingFailure,
                    "bufio.Scanner: token too long",
                    "a line of the resolvConf file has more than 64 KiB"
                );
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

        return new CniDns
        {
            Nameservers = nameservers,
            Domain = domain,
            Search = search,
            Options = options,
        };
    }
}
