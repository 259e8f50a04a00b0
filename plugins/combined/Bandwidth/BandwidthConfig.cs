using Plugboard.Protocols.Cni;

namespace Plugboard.Combined.Bandwidth;

/// <summary>The keys of a bandwidth config, read and validated. Pure.</summary>
internal sealed record BandwidthConfig
{
    private const string Ingress = "ingress";
    private const string Egress = "egress";
    private const int BitsPerByte = 8;
    private const uint DefaultLatency = 25;
    private const uint MaxMilliseconds = 60_000;
    private const ulong MillisecondsPerSecond = 1_000;
    private const ulong DefaultBurstTime = 100;

    /// <summary>In bytes: below it, the timer decides and not the rate.</summary>
    private const ulong SmallestDefaultBurst = 32 * 1024;

    /// <summary>An Ethernet frame of the usual size.</summary>
    private const int LargestFrame = 1514;

    private static readonly string[] keys =
    [
        "ingressRate",
        "ingressBurst",
        "egressRate",
        "egressBurst",
        "latency",
        "maxBurst",
        "runtimeConfig.bandwidth",
        "shapedSubnets",
        "unshapedSubnets",
    ];

    private static readonly string[] limits = keys[..4];

    /// <summary>What goes to the container; null: as fast as it comes.</summary>
    public TokenBucket? ToContainer { get; private init; }

    /// <summary>What comes from the container; null: as fast as it comes.</summary>
    public TokenBucket? FromContainer { get; private init; }

    /// <summary>The part of the packets that the limits are for; null: all.</summary>
    public SubnetSelection? Subnets { get; private init; }

    /// <summary>True where nothing is limited.</summary>
    public bool IsEmpty => ToContainer is null && FromContainer is null;

    /// <summary>Reads the config of an ADD or CHECK; what is wrong is a <see cref="CniException"/>.</summary>
    public static BandwidthConfig Parse(ConfigNode node)
    {
        var found = FindSource(node);
        var subnets = SubnetSelection.Read(node, found);
        if (found is not { } source)
            return new BandwidthConfig();
        var latency = ReadMilliseconds(node, "latency") ?? DefaultLatency;
        var longest = ReadMilliseconds(node, "maxBurst");
        var (toContainer, fromContainer) = (Read(source, Ingress, latency, longest), Read(source, Egress, latency, longest));
        if (subnets is null)
        {
            RequireTime(toContainer, Ingress);
            RequireTime(fromContainer, Egress);
        }

        return new BandwidthConfig
        {
            ToContainer = toContainer,
            FromContainer = fromContainer,
            Subnets = subnets,
        };
    }

    /// <summary>All that is wrong with a config, a sentence each.</summary>
    public static IReadOnlyList<string> Validate(ConfigNode node)
    {
        var problems = new List<string>();
        problems.AddUnknown(node, keys, "is not a key of bandwidth and has no effect");
        problems.Try("config", () => AddEffects(problems, node, Parse(node)));
        return problems;
    }

    private static void AddEffects(List<string> problems, ConfigNode node, BandwidthConfig config)
    {
        if (config.Subnets is not null)
        {
            if (node.Find("latency") is not null)
                problems.Add("latency: has no effect with subnets, where the queue has a length in packets");
            return;
        }

        foreach (var (key, bucket) in (ReadOnlySpan<(string, TokenBucket?)>)[(Ingress, config.ToContainer), (Egress, config.FromContainer)])
        {
            if (bucket is { Capacity: < LargestFrame and var bytes })
                problems.Add($"{key}Burst: {bytes} bytes are less than a full Ethernet frame ({LargestFrame}): larger packets are dropped");
        }
    }

    // Any key of the config itself, even 0 or null, and the runtime's are not looked at.
    private static ConfigNode? FindSource(ConfigNode node)
    {
        var isOwn = node.Names.Any(static name => limits.Contains(name, StringComparer.OrdinalIgnoreCase));
        return isOwn ? node : node.FindObject("runtimeConfig")?.FindObject("bandwidth");
    }

    private static TokenBucket? Read(ConfigNode source, string direction, uint latency, uint? longest)
    {
        var (rateKey, burstKey) = (direction + "Rate", direction + "Burst");
        var (rateBits, given) = (source.FindUInt64(rateKey) ?? 0, source.FindUInt64(burstKey));
        if (rateBits == 0)
        {
            return given is null or 0
                ? null
                : throw new CniException(CniErrorCode.InvalidNetworkConfig, "if burst is set, rate must also be set")
                {
                    Advice = $"add {rateKey} in bits per second, or remove {burstKey}",
                };
        }

        if (given == 0)
            throw Wrong(
                "if rate is set, burst must also be set",
                $"set {burstKey} in bits, or remove it for that of {DefaultBurstTime} ms"
            );
        if (given / BitsPerByte >= uint.MaxValue)
            throw Wrong("burst cannot be more than 4GB", $"{burstKey} is in bits: below 34359738360");
        var rate = rateBits / BitsPerByte;
        if (rate == 0)
            throw Wrong($"invalid rate: {rateBits}", $"{rateKey} is in bits per second: 8 or more");
        var burst = given / BitsPerByte ?? Math.Max(InTime(rate, DefaultBurstTime), SmallestDefaultBurst);
        if (burst == 0)
            throw Wrong($"invalid burst: {given}", $"{burstKey} is in bits: 8 or more, and better the size of several packets");
        if (longest is { } milliseconds)
            burst = Math.Min(burst, Math.Max(InTime(rate, milliseconds), SmallestDefaultBurst));
        return TokenBucket.Of(rate, (uint)Math.Min(burst, uint.MaxValue - 1), latency);
    }

    // The kernel counts a tbf's burst by its time, and refuses one of no time without saying which number is wrong.
    private static void RequireTime(TokenBucket? bucket, string direction)
    {
        if (bucket is { Tbf.Buffer: 0 })
            throw Wrong(
                $"{direction}Rate is too high: its burst lasts less than a microsecond",
                $"{direction}Rate is in bits per second, {direction}Burst in bits: lower the rate, or raise the burst"
            );
    }

    private static ulong InTime(ulong rate, ulong milliseconds) =>
        (ulong)Math.Min(rate * (double)milliseconds / MillisecondsPerSecond, uint.MaxValue);

    private static uint? ReadMilliseconds(ConfigNode node, string key)
    {
        var value = node.FindUInt64(key);
        return value is null or (>= 1 and <= MaxMilliseconds)
            ? (uint?)value
            : throw Wrong($"invalid {key} {value}", $"{key} wants 1 to {MaxMilliseconds} milliseconds");
    }

    private static CniException Wrong(string message, string details) => new(CniErrorCode.InvalidNetworkConfig, message, details);
}
