using System.Globalization;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.ClusterFiles;

/// <summary>
/// The operator's conflist, in which <c>${POD_SUBNET}</c>, <c>${POD_SUBNET6}</c>, <c>${POD_NETWORK}</c>, <c>${POD_NETWORK6}</c>,
/// <c>${MTU}</c> and <c>${IPMASQ}</c> stand for what the node's subnet.env says. One without them is used as it is. Pure.
/// </summary>
/// <param name="text">The template.</param>
/// <param name="path">Where it is from, for errors.</param>
public sealed class ConflistTemplate(string text, string path)
{
    private const int LongestWord = 64;

    private static readonly string[] words = ["POD_SUBNET", "POD_SUBNET6", "POD_NETWORK", "POD_NETWORK6", "MTU", "IPMASQ"];

    /// <summary>The default: the flannel plugin, which reads subnet.env itself, and published ports. No word stands for anything.</summary>
    public static ConflistTemplate Flannel { get; } =
        new(
            """
            {
              "cniVersion": "1.0.0",
              "cniVersions": ["0.4.0", "1.0.0", "1.1.0"],
              "name": "cbr0",
              "plugins": [
                {
                  "type": "flannel",
                  "delegate": {
                    "hairpinMode": true,
                    "isDefaultGateway": true
                  }
                },
                {
                  "type": "portmap",
                  "capabilities": { "portMappings": true }
                }
              ]
            }

            """,
            "the default conflist"
        );

    /// <summary>
    /// The default without flannel: a bridge with the node's part of the network, of each family that it has, and published ports.
    /// </summary>
    public static ConflistTemplate Bridge(SubnetFile subnet)
    {
        var (has4, has6) = (subnet.Subnet is not null, subnet.IPv6Subnet is not null);
        var between = has4 && has6 ? ", " : "";
        var ranges = (has4 ? """[{ "subnet": "${POD_SUBNET}" }]""" : "") + between + (has6 ? """[{ "subnet": "${POD_SUBNET6}" }]""" : "");
        var routes = (has4 ? """{ "dst": "${POD_NETWORK}" }""" : "") + between + (has6 ? """{ "dst": "${POD_NETWORK6}" }""" : "");
        return new ConflistTemplate(
            $$$"""
            {
              "cniVersion": "1.0.0",
              "cniVersions": ["0.4.0", "1.0.0", "1.1.0"],
              "name": "cbr0",
              "plugins": [
                {
                  "type": "bridge",
                  "bridge": "cni0",
                  "isDefaultGateway": true,
                  "hairpinMode": true,
                  "ipMasq": ${IPMASQ},
                  "mtu": ${MTU},
                  "ipam": {
                    "type": "host-local",
                    "ranges": [{{{ranges}}}],
                    "routes": [{{{routes}}}]
                  }
                },
                {
                  "type": "portmap",
                  "capabilities": { "portMappings": true }
                }
              ]
            }

            """,
            "the default conflist"
        );
    }

    /// <summary>Reads a template.</summary>
    /// <exception cref="ConflistException">It is missing, no regular file, or cannot be read.</exception>
    public static ConflistTemplate Read(string path)
    {
        try
        {
            using var file = FileDescriptor.FindForReading(path) ?? throw new ConflistException(path, "there is no such file");
            return new ConflistTemplate(Encoding.UTF8.GetString(file.ReadToEnd()), path);
        }
        catch (UnusableFileException e)
        {
            throw new ConflistException(path, $"it is {e.Kind}, not a regular file", e);
        }
        catch (ErrnoException e)
        {
            throw new ConflistException(path, $"it cannot be read: {ErrnoException.Sentence(e.Errno)}", e);
        }
    }

    /// <summary>The conflist for a node.</summary>
    /// <exception cref="ConflistException">A word is unknown or the node has nothing for it, or what comes out is no conflist.</exception>
    public Conflist Render(SubnetFile subnet)
    {
        var rendered = new StringBuilder();
        var rest = text.AsSpan();
        while (rest.IndexOf("${", StringComparison.Ordinal) is >= 0 and var at)
        {
            var end = rest[at..].IndexOf('}');
            if (end < 0)
                throw new ConflistException(path, "a ${ has no }");
            var word = rest.Slice(at + 2, end - 2).ToString();
            rendered.Append(rest[..at]).Append(ValueOf(word, subnet));
            rest = rest[(at + end + 1)..];
        }

        return Conflist.Parse(Encoding.UTF8.GetBytes(rendered.Append(rest).ToString()), path);
    }

    private string ValueOf(string word, SubnetFile subnet) =>
        word switch
        {
            "POD_SUBNET" => subnet.Subnet?.Network.ToString(),
            "POD_SUBNET6" => subnet.IPv6Subnet?.Network.ToString(),
            "POD_NETWORK" => subnet.Networks.Count > 0 ? subnet.Networks[0].ToString() : null,
            "POD_NETWORK6" => subnet.IPv6Networks.Count > 0 ? subnet.IPv6Networks[0].ToString() : null,
            "MTU" => subnet.Mtu.ToString(CultureInfo.InvariantCulture),
            "IPMASQ" => subnet.IpMasq ? "false" : "true",
            _ => throw new ConflistException(
                path,
                $"${{{(word.Length <= LongestWord ? word : $"{word[..LongestWord]}…")}}} is not known{Spelling.Hint(word, words)}: "
                    + "POD_SUBNET, POD_SUBNET6, POD_NETWORK, POD_NETWORK6, MTU and IPMASQ are"
            ),
        } ?? throw new ConflistException(path, $"this node has nothing for ${{{word}}}");
}
