using System.Text;
using System.Text.RegularExpressions;
using Plugboard.Addresses;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>flannel's annotations on a Node: the names behind the prefix.</summary>
internal sealed partial class AnnotationNames
{
    /// <summary>"true": the node takes part.</summary>
    public const string Managed = "kube-subnet-manager";

    /// <summary>The backend's word.</summary>
    public const string BackendType = "backend-type";

    /// <summary>Where the IPv4 tunnel ends, JSON.</summary>
    public const string BackendData = "backend-data";

    /// <summary>Where the IPv6 tunnel ends, JSON.</summary>
    public const string BackendV6Data = "backend-v6-data";

    /// <summary>Where the node is reached by IPv4.</summary>
    public const string PublicIP = "public-ip";

    /// <summary>Where the node is reached by IPv6.</summary>
    public const string PublicIPv6 = "public-ipv6";

    /// <summary>From the operator: published in place of the node's own address.</summary>
    public const string PublicIPOverwrite = "public-ip-overwrite";

    /// <summary>From the operator: published in place of the node's own IPv6 address.</summary>
    public const string PublicIPv6Overwrite = "public-ipv6-overwrite";

    /// <summary>From the operator: the address whose link is the uplink.</summary>
    public const string NodePublicIP = "node-public-ip";

    /// <summary>From the operator: the IPv6 address whose link is the uplink.</summary>
    public const string NodePublicIPv6 = "node-public-ipv6";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> All =
    [
        Managed,
        BackendType,
        BackendData,
        BackendV6Data,
        PublicIP,
        PublicIPv6,
        PublicIPOverwrite,
        PublicIPv6Overwrite,
        NodePublicIP,
        NodePublicIPv6,
    ];

    private readonly byte[] prefix;

    private AnnotationNames(string text)
    {
        Prefix = text;
        prefix = Encoding.UTF8.GetBytes(text);
    }

    /// <summary>What stands before each, with its slash or hyphen.</summary>
    public string Prefix { get; }

    /// <summary>flannel's rule: a domain, then a slash and nothing, or a slash and a word with a hyphen.</summary>
    /// <exception cref="FormatException">The prefix is invalid.</exception>
    public static AnnotationNames From(string prefix)
    {
        var whole = prefix.Contains('/', StringComparison.Ordinal) ? prefix : $"{prefix}/";
        if (!whole.EndsWith('/') && !whole.EndsWith('-'))
            whole += "-";
        return Allowed().IsMatch(whole)
            ? new AnnotationNames(whole)
            : throw new FormatException(
                $"\"{Excerpt.Of(prefix)}\" is not a prefix of annotations: it must be a domain such as "
                    + $"flannel.alpha.coreos.com, or a domain, "
                    + "a slash and a word"
            );
    }

    /// <summary>Which of them a name is; null: none of them.</summary>
    public string? Find(ReadOnlySpan<byte> name)
    {
        if (!name.StartsWith(prefix))
            return null;
        var rest = name[prefix.Length..];
        foreach (var known in All)
        {
            if (Ascii.Equals(rest, known))
                return known;
        }

        return null;
    }

    [GeneratedRegex(
        @"^(?:[a-z0-9_-]+\.)+[a-z0-9_-]+/(?:[a-z0-9_-]+-)?$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Allowed();
}
