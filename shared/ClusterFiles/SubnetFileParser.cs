using Plugboard.Addresses;

namespace Plugboard.ClusterFiles;

/// <summary>Reads a subnet.env line by line, as forgiving as the reference but where it would crash or guess.</summary>
internal sealed class SubnetFileParser
{
    private readonly string path;
    private IReadOnlyList<IPPrefix>? networks;
    private IReadOnlyList<IPPrefix>? networks6;
    private IPPrefix? subnet;
    private IPPrefix? subnet6;
    private uint? mtu;
    private bool? masquerades;
    private int line;

    /// <summary>The first line that is not a key's. It is said only if a key is missing: the reference ignores such lines.</summary>
    private string? doubtful;

    private SubnetFileParser(string path) => this.path = path;

    public static SubnetFile Parse(string text, string path)
    {
        var parser = new SubnetFileParser(path);
        // Some editors begin a file with a byte order mark.
        for (var rest = text.AsSpan().TrimStart('\ufeff'); !rest.IsEmpty; )
        {
            var end = rest.IndexOf('\n');
            parser.Read((end < 0 ? rest : rest[..end]).TrimEnd('\r'));
            rest = end < 0 ? [] : rest[(end + 1)..];
        }

        return parser.Whole();
    }

    private void Read(ReadOnlySpan<char> text)
    {
        line++;
        var equals = text.IndexOf('=');
        var key = equals < 0 ? text : text[..equals];
        if (!IsKey(key))
        {
            if (key.Trim() is not ([] or ['#', ..]))
                doubtful ??= $"line {line} has \"{Excerpt.Of(key.ToString())}\", which is not a key";
            return;
        }

        if (equals < 0)
            throw Wrong($"{key} has no value: it wants {key}=…");
        var value = text[(equals + 1)..];
        switch (key)
        {
            case "FLANNEL_NETWORK":
                networks = Prefixes(value);
                break;
            case "FLANNEL_IPV6_NETWORK":
                networks6 = Prefixes(value);
                break;
            case "FLANNEL_SUBNET":
                subnet = Prefix(value);
                break;
            case "FLANNEL_IPV6_SUBNET":
                subnet6 = Prefix(value);
                break;
            case "FLANNEL_MTU":
                mtu = Number(value);
                break;
            default:
                // Whatever else it says is no, as for the reference.
                masquerades = value.SequenceEqual("true");
                break;
        }
    }

    private static bool IsKey(ReadOnlySpan<char> key) =>
        key
            is "FLANNEL_NETWORK"
                or "FLANNEL_SUBNET"
                or "FLANNEL_IPV6_NETWORK"
                or "FLANNEL_IPV6_SUBNET"
                or "FLANNEL_MTU"
                or "FLANNEL_IPMASQ";

    private List<IPPrefix> Prefixes(ReadOnlySpan<char> value)
    {
        var found = new List<IPPrefix>();
        while (true)
        {
            var comma = value.IndexOf(',');
            var network = Prefix(comma < 0 ? value : value[..comma]).Network;
            if (!found.Contains(network))
                found.Add(network);
            if (comma < 0)
                return found;
            value = value[(comma + 1)..];
        }
    }

    private IPPrefix Prefix(ReadOnlySpan<char> value) =>
        IPPrefix.TryParse(value, out var prefix) ? prefix : throw Wrong($"invalid CIDR address: {value}");

    private uint Number(ReadOnlySpan<char> value)
    {
        ulong number = 0;
        foreach (var digit in value)
        {
            number = 10 * number + (ulong)(digit - '0');
            if (!char.IsAsciiDigit(digit) || number > uint.MaxValue)
                throw Wrong($"FLANNEL_MTU wants a number of bytes, not \"{value}\"");
        }

        return value.IsEmpty ? throw Wrong("FLANNEL_MTU is empty") : (uint)number;
    }

    private SubnetFile Whole()
    {
        var missing = new List<string>();
        if (networks is null && networks6 is null)
            missing.Add("FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK");
        if (subnet is null && subnet6 is null)
            missing.Add("FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET");
        if (mtu is null)
            missing.Add("FLANNEL_MTU");
        if (masquerades is null)
            missing.Add("FLANNEL_IPMASQ");
        if (missing.Count > 0)
            throw new SubnetFileException(path, 0, $"is missing {string.Join(", ", missing)}{(doubtful is null ? "" : $" ({doubtful})")}");
        return new SubnetFile
        {
            Networks = networks ?? [],
            Subnet = subnet,
            IPv6Networks = networks6 ?? [],
            IPv6Subnet = subnet6,
            Mtu = mtu!.Value,
            IpMasq = masquerades!.Value,
        };
    }

    private SubnetFileException Wrong(string why) => new(path, line, why);
}
