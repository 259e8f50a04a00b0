using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Documents;
using Plugboard.Firewall.Iptables;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Masquerade.Configuration;

/// <summary>
/// Reads ip-masq-agent's configuration file as the agent does: keys in any case, only the given keys change the defaults, its checks in its
/// order and its words. Unlike the agent it reports unknown keys and refuses an interval that never ends. Pure. Source: ip-masq-agent,
/// cmd/ip-masq-agent/ip-masq-agent.go (syncConfig, validate).
/// </summary>
/// <param name="defaults">The configuration without the file.</param>
/// <param name="enableIPv6">IPv6 networks are allowed.</param>
internal sealed class MasqueradeConfigReader(MasqueradeConfig defaults, bool enableIPv6)
{
    /// <summary>As many bytes as a ConfigMap can have.</summary>
    public const int LongestText = 1024 * 1024;

    private const int LongestShown = 128;

    private static readonly string[] known =
    [
        "nonMasqueradeCIDRs",
        "cidrLimit",
        "masqLinkLocal",
        "masqLinkLocalIPv6",
        "resyncInterval",
        "masqueradeCIDRs",
        "outputInterfaces",
        "snatAddresses",
    ];

    private readonly List<string> warnings = [];

    /// <summary>Reads a text.</summary>
    /// <returns>The configuration, and warnings: its unknown keys.</returns>
    /// <exception cref="MasqueradeConfigException">It cannot be used.</exception>
    public (MasqueradeConfig Config, IReadOnlyList<string> Warnings) Read(ReadOnlySpan<byte> text)
    {
        if (text.Length > LongestText)
            throw new MasqueradeConfigException(string.Create(CultureInfo.InvariantCulture, $"it is longer than {LongestText} bytes"));
        warnings.Clear();
        var root = Parse(text);
        var config = root.Kind switch
        {
            DocumentKind.Null => defaults,
            DocumentKind.Map => Apply(root),
            _ => throw Mismatch("", root, "config.MasqConfig"),
        };
        Validate(config);
        return (config, [.. warnings]);
    }

    private static DocumentNode Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return YamlDocumentReader.Read(utf8, YamlDialect.Lenient);
        }
        catch (DocumentException e)
        {
            throw new MasqueradeConfigException(YamlDocumentReader.IsJson(utf8) ? GoMessage.OfJson(e) : GoMessage.OfYaml(e));
        }
    }

    private MasqueradeConfig Apply(DocumentNode map)
    {
        var config = defaults;
        var (names, others) = (new RawLists(), new List<string>());
        foreach (var value in map.Items)
        {
            // Go's reader takes the keys in any case, the last one counts.
            var key = value.Name;
            config = key.ToUpperInvariant() switch
            {
                "NONMASQUERADECIDRS" => names.KeepExempt(config, Strings(key, value)),
                "CIDRLIMIT" => value.Kind == DocumentKind.Null ? config : config with { CidrLimit = Integer(key, value) },
                "MASQLINKLOCAL" => value.Kind == DocumentKind.Null ? config : config with { MasqLinkLocal = Flag(key, value) },
                "MASQLINKLOCALIPV6" => value.Kind == DocumentKind.Null ? config : config with { MasqLinkLocalIPv6 = Flag(key, value) },
                "RESYNCINTERVAL" => config with { ResyncInterval = Interval(key, value) },
                "MASQUERADECIDRS" => names.KeepOnly(config, value.Kind == DocumentKind.Null ? null : Strings(key, value)),
                "OUTPUTINTERFACES" => config with
                {
                    OutputInterfaces = value.Kind == DocumentKind.Null ? null : Links(Strings(key, value)),
                },
                "SNATADDRESSES" => config with { SnatAddresses = SnatAddresses(key, value) },
                _ => Unknown(config, key, others),
            };
        }

        return Networks(config, names);
    }

    // The limit is checked before the networks themselves.
    private MasqueradeConfig Networks(MasqueradeConfig config, RawLists lists)
    {
        var count = lists.Exempt?.Count ?? (lists.Only is null ? config.NonMasqueradeCidrs.Count : 0);
        if (count > config.CidrLimit)
            throw new MasqueradeConfigException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the daemon can only accept up to {config.CidrLimit} CIDRs (excluding link-local), but got {count} CIDRs "
                        + $"(excluding link local)"
                )
            );
        if (lists.Exempt is not null)
            config = config with { NonMasqueradeCidrs = lists.Exempt.Select(ParseCidr).ToValueArray() };
        else if (lists.Only is not null)
            config = config with { NonMasqueradeCidrs = [] };
        return lists.Only is null ? config : config with { MasqueradeCidrs = lists.Only.Select(ParseCidr).ToValueArray() };
    }

    private IPPrefix ParseCidr(string text)
    {
        if (!IPPrefix.TryParse(text, out var prefix))
            throw new MasqueradeConfigException($"CIDR {Quote(text)} could not be parsed, invalid CIDR address: {Short(text)}");
        if (!prefix.IsNetwork)
            throw new MasqueradeConfigException(
                $"CIDR {Quote(text)} is not aligned to a CIDR block, ip: \"{prefix.Address}\" network: \"{prefix.Network}\""
            );
        if (prefix.Is6 && !enableIPv6)
            throw new MasqueradeConfigException(
                $"ipv6 is not enabled, but ipv6 cidr {text} provided. Enable ipv6 using --enable-ipv6 agent flag"
            );
        return prefix;
    }

    private static void Validate(MasqueradeConfig config)
    {
        if (config.ResyncInterval <= TimeSpan.Zero)
            throw new MasqueradeConfigException($"resyncInterval must be more than zero, not {GoDuration.Describe(config.ResyncInterval)}");
        foreach (var (at, address) in config.SnatAddresses.Index())
        {
            if (config.SnatAddresses.Take(at).Any(other => other.Link == address.Link && other.Address.Is6 == address.Address.Is6))
                throw new MasqueradeConfigException(
                    $"snatAddresses names two {(address.Address.Is6 ? "IPv6" : "IPv4")} addresses for link {Quote(address.Link)}"
                );
        }
    }

    private MasqueradeConfig Unknown(MasqueradeConfig config, string key, List<string> others)
    {
        if (!others.Contains(key))
        {
            others.Add(key);
            warnings.Add($"key {Quote(key)} is unknown and has no effect{Spelling.Hint(key, known)}");
        }

        return config;
    }

    // Go converts a null in a list to an empty text.
    private static IReadOnlyList<string> Strings(string key, DocumentNode value) =>
        value.Kind switch
        {
            DocumentKind.Null => [],
            DocumentKind.List => [.. value.Items.Select(item => item.Kind == DocumentKind.Null ? "" : Text(key, item))],
            _ => throw Mismatch(key, value, "[]string"),
        };

    private static string Text(string key, DocumentNode value) =>
        value.Kind == DocumentKind.Text ? value.Text : throw Mismatch(key, value, "string");

    private static bool Flag(string key, DocumentNode value) =>
        value.Kind == DocumentKind.Boolean ? value.AsBoolean() : throw Mismatch(key, value, "bool");

    // Go's int has 64 bits; of networks there are not so many.
    private static int Integer(string key, DocumentNode value) =>
        value.Kind == DocumentKind.Number
        && long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)
            ? (int)Math.Clamp(integer, int.MinValue, int.MaxValue)
            : throw Mismatch(key, value, "int");

    // The agent's own reader of this key converts a null to an empty text, which is not a duration.
    private static TimeSpan Interval(string key, DocumentNode value) =>
        GoDuration.Parse(value.Kind == DocumentKind.Null ? "" : Text(key, value));

    private static ValueArray<string> Links(IReadOnlyList<string> names) => names.Select(LinkName).ToValueArray();

    // include/uapi/linux/if.h: IFNAMSIZ with the NUL; net/core/dev.c (dev_valid_name). iptables takes a last + for a pattern, nft a last *.
    private static string LinkName(string name)
    {
        if (name.Length > 1 && name[^1] is '+' or '*')
            throw new MasqueradeConfigException($"{Quote(name)} is a pattern, and only whole names of links count here: name each link");
        return IsLinkName(name) ? name : throw new MasqueradeConfigException($"{Quote(name)} is not a valid link name");
    }

    private static bool IsLinkName(string name) =>
        name.Length is > 0 and < 16 && name is not ("." or "..") && name.All(c => c is > ' ' and < '\x7f' and not ('/' or ':' or '"'));

    private ValueArray<SnatAddress> SnatAddresses(string key, DocumentNode value)
    {
        if (value.Kind == DocumentKind.Null)
            return [];
        if (value.Kind != DocumentKind.Map)
            throw Mismatch(key, value, "map[string][]string");
        var addresses = new List<SnatAddress>();
        foreach (var given in value.Items)
        {
            var texts = given.Kind == DocumentKind.Text ? [given.Text] : Strings(key, given);
            addresses.AddRange(texts.Select(text => new SnatAddress(LinkName(given.Name), ParseAddress(text))));
        }

        return addresses.ToValueArray();
    }

    private IPAddr ParseAddress(string text)
    {
        if (!IPAddr.TryParse(text, out var address) || address.IsUnspecified)
            throw new MasqueradeConfigException($"snatAddresses: {Quote(text)} is not an address");
        return address.Is6 && !enableIPv6
            ? throw new MasqueradeConfigException(
                $"ipv6 is not enabled, but ipv6 address {text} provided. Enable ipv6 using --enable-ipv6 agent flag"
            )
            : address;
    }

    // The value may be as long as the file.
    private static string Quote(string text) => GoQuote.Of(Short(text));

    private static string Short(string text) => text.Length <= LongestShown ? text : $"{text[..LongestShown]}…";

    private static MasqueradeConfigException Mismatch(string key, DocumentNode value, string type)
    {
        var kind = GoMessage.NameOf(value.Kind);
        if (key.Length == 0)
            return new($"json: cannot unmarshal {kind} into Go value of type {type}");
        var number = type == "int" && value.Kind == DocumentKind.Number ? $" {Short(value.Text)}" : "";
        return new($"json: cannot unmarshal {kind}{number} into Go struct field MasqConfig.{Short(key)} of type {type}");
    }

    // The two lists as texts: their limit, which may come after them, is checked first.
    private sealed class RawLists
    {
        public IReadOnlyList<string>? Exempt { get; private set; }

        public IReadOnlyList<string>? Only { get; private set; }

        public MasqueradeConfig KeepExempt(MasqueradeConfig config, IReadOnlyList<string> list)
        {
            Exempt = list;
            return config;
        }

        public MasqueradeConfig KeepOnly(MasqueradeConfig config, IReadOnlyList<string>? list)
        {
            Only = list;
            return config;
        }
    }
}
