using System.Globalization;
using System.Text;
using System.Text.Json;
using Plugboard.Dhcp.Wire;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp;

/// <summary>What the <c>ipam</c> section and CNI_ARGS say to <c>dhcp</c>; plugin and daemon both read it. Pure.</summary>
internal sealed record DhcpConfig
{
    /// <summary>Where the daemon listens if the config does not say.</summary>
    public const string DefaultSocketPath = "/run/cni/dhcp.sock";

    // Routers and subnet mask as the reference; then what the result has a place for: DNS servers, domain, MTU, search domains.
    private static readonly byte[] Defaults =
    [
        DhcpOption.Routers,
        DhcpOption.SubnetMask,
        DhcpOption.DomainNameServers,
        DhcpOption.DomainName,
        DhcpOption.InterfaceMtu,
        DhcpOption.DomainSearch,
    ];

    /// <summary><c>daemonSocketPath</c>.</summary>
    public string SocketPath { get; init; } = DefaultSocketPath;

    /// <summary>The options that the server is asked for, in the order of option 55.</summary>
    public IReadOnlyList<byte> Requested { get; init; } = Defaults;

    /// <summary>The options that the client sends.</summary>
    public IReadOnlyList<(byte Code, byte[] Value)> Provided { get; init; } = [];

    /// <summary>The metric of each route; 0: the kernel's.</summary>
    public long Priority { get; init; }

    /// <summary><c>families</c> has ipv4, or is absent.</summary>
    public bool HasIPv4 { get; init; } = true;

    /// <summary><c>families</c> has ipv6.</summary>
    public bool HasIPv6 { get; init; }

    /// <summary><c>ipv6</c> is stateless: DHCPv6 is asked for DNS only.</summary>
    public bool IsStateless { get; init; }

    /// <summary>Reads the whole section.</summary>
    /// <exception cref="CniException">The first thing that is wrong with it.</exception>
    public static DhcpConfig Parse(ConfigNode config, string args)
    {
        var ipam = FindIpam(config);
        var (hasIPv4, hasIPv6) = ReadFamilies(ipam);
        return new DhcpConfig
        {
            HasIPv4 = hasIPv4,
            HasIPv6 = hasIPv6,
            IsStateless = ReadStateless(ipam),
            SocketPath = ReadSocketPath(ipam),
            Requested = ReadRequested(ipam),
            Provided = ReadProvided(ipam, args),
            Priority = ReadPriority(ipam),
        };
    }

    /// <summary>The daemon's socket, of a config that may be wrong.</summary>
    public static string FindSocketPath(ConfigNode config)
    {
        try
        {
            return ReadSocketPath(FindIpam(config));
        }
        catch (CniException)
        {
            return DefaultSocketPath;
        }
    }

    /// <summary>A sentence for each section that is wrong.</summary>
    public static IReadOnlyList<string> Validate(ConfigNode config, string args)
    {
        var problems = new List<string>();
        Try("ipam", () => FindIpam(config));
        if (problems.Count > 0)
            return problems;
        var ipam = FindIpam(config);
        Try("ipam.daemonSocketPath", () => ReadSocketPath(ipam));
        Try("ipam.request", () => ReadRequested(ipam));
        Try("ipam.provide", () => ReadProvided(ipam, args));
        Try("ipam.priority", () => ReadPriority(ipam));
        Try("ipam.families", () => ReadFamilies(ipam));
        Try("ipam.ipv6", () => ReadStateless(ipam));
        problems.AddUnknownIn(ipam, "dhcp", "type", "daemonSocketPath", "request", "provide", "priority", "families", "ipv6");
        foreach (var entry in ipam.FindItems("request"))
            problems.AddUnknownIn(entry, "a request entry", "skipDefault", "option");
        foreach (var entry in ipam.FindItems("provide"))
            problems.AddUnknownIn(entry, "a provide entry", "option", "value", "fromArg");
        return problems;

        void Try<T>(string path, Func<T> read)
        {
            try
            {
                read();
            }
            catch (CniException e)
            {
                problems.Add($"{path}: {e.Message}");
            }
        }
    }

    private static ConfigNode FindIpam(ConfigNode config) =>
        config.FindObject("ipam") ?? throw Wrong("IPAM config missing 'ipam' key", "add ipam with type dhcp to the network config");

    private static string ReadSocketPath(ConfigNode ipam)
    {
        if (ipam.GetString("daemonSocketPath") is not { Length: > 0 } path)
            return DefaultSocketPath;
        return path[0] == '/'
            ? path
            : throw Wrong($"daemonSocketPath {GoText.Quote(path)} is not absolute", "name the socket that dhcp daemon listens on");
    }

    private static (bool HasIPv4, bool HasIPv6) ReadFamilies(ConfigNode ipam)
    {
        if (ipam.Find("families") is null)
            return (true, false);
        const string Advice = "families is a list of \"ipv4\", \"ipv6\" or both";
        var names = ipam.GetStrings("families");
        if (names.FirstOrDefault(static each => each is not ("ipv4" or "ipv6")) is { } unknown)
            throw Wrong($"families has {GoText.Quote(unknown)}", Advice);
        if (names.Count == 0)
            throw Wrong("families is empty", Advice);
        if (names.Distinct(StringComparer.Ordinal).Count() < names.Count)
            throw Wrong("families has a family twice", Advice);
        return (names.Contains("ipv4"), names.Contains("ipv6"));
    }

    private static bool ReadStateless(ConfigNode ipam)
    {
        if (ipam.FindString("ipv6") is not { } mode)
            return false;
        if (mode is not ("stateful" or "stateless"))
            throw Wrong($"ipv6 is {GoText.Quote(mode)}", "ipv6 is \"stateful\", an address by DHCPv6, or \"stateless\", DNS only");
        var (hasIPv4, hasIPv6) = ReadFamilies(ipam);
        if (!hasIPv6)
            throw Wrong($"ipv6 is {GoText.Quote(mode)}, and families has no ipv6", "set families to [\"ipv4\", \"ipv6\"]");
        if (mode == "stateless" && !hasIPv4)
            throw Wrong("ipv6 is \"stateless\", and families has no ipv4", "stateless gives no address, and a result needs one: add ipv4");
        return mode == "stateless";
    }

    private static long ReadPriority(ConfigNode ipam) =>
        ipam.FindInt64("priority") switch
        {
            null => 0,
            >= 0 and <= uint.MaxValue and var priority => priority,
            var priority => throw Wrong(
                $"priority {priority} is {(priority < 0 ? "negative" : "too high")}",
                $"priority is the metric of the routes: 0 to {uint.MaxValue}"
            ),
        };

    private static List<byte> ReadRequested(ConfigNode ipam)
    {
        var requested = new List<byte>();
        var skipsDefaults = false;
        foreach (var entry in ipam.GetList("request"))
        {
            var skips = entry.GetBool("skipDefault");
            skipsDefaults |= skips;
            if (!skips || entry.Find("option") is not null)
                Add(ReadOption(entry));
        }

        foreach (var code in skipsDefaults ? [] : Defaults)
            Add(code);
        return requested;

        void Add(byte code)
        {
            if (!requested.Contains(code))
                requested.Add(code);
        }
    }

    private static List<(byte Code, byte[] Value)> ReadProvided(ConfigNode ipam, string args)
    {
        var provided = new List<(byte Code, byte[] Value)>();
        foreach (var entry in ipam.GetList("provide"))
        {
            var code = ReadOption(entry);
            var text = entry.GetString("value");
            if (
                entry.GetString("fromArg") is { Length: > 0 } name
                && CniArgs.ParseLeniently(args, name).Find(name) is { Length: > 0 } given
            )
                text = given;
            if (text.Length == 0)
                continue;
            var value = Encoding.UTF8.GetBytes(text);
            if (value.Length > DhcpWriter.LongestOption)
                throw Wrong($"value too long for option {code}: {value.Length} bytes", "an option has at most 255 bytes");
            provided.RemoveAll(each => each.Code == code);
            provided.Add((code, value));
        }

        return provided;
    }

    private static byte ReadOption(ConfigNode entry)
    {
        var text = entry.Find("option") is { Value.Kind: JsonValueKind.Number } number ? number.Value.Text : entry.GetString("option");
        if (DhcpOption.Find(text) is { } code)
            return code;
        if (byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out code))
        {
            return code is not (DhcpOption.Pad or DhcpOption.End)
                ? code
                : throw Wrong($"option {code} cannot be used: it marks padding or the end", "name another option");
        }

        throw Wrong(
            $"Can not parse option {GoText.Quote(text)}: neither a number from 1 to 254 nor a known name",
            "known names: dhcp-client-identifier, subnet-mask, routers, host-name, user-class, vendor-class-identifier"
        );
    }

    private static CniException Wrong(string message, string details) => new(CniErrorCode.InvalidNetworkConfig, message, details);
}
