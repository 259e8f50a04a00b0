using Plugboard.Addresses;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tuning;

/// <summary>The keys of a tuning config, read and validated. Pure.</summary>
internal sealed record TuningConfig
{
    /// <summary>Where backups are, where the config says nothing.</summary>
    public const string DefaultDataDir = "/run/cni/tuning";

    private static readonly string[] keys = ["sysctl", "mac", "promisc", "mtu", "allmulti", "txQLen", "dataDir"];

    /// <summary>The settings below /proc/sys, with the interface's name in place, in the order of the config.</summary>
    public IReadOnlyList<WantedSysctl> Sysctls { get; private init; } = [];

    /// <summary>The hardware address; null: as it is.</summary>
    public MacAddress? Mac { get; private init; }

    /// <summary>True: promiscuous. False: as it is.</summary>
    public bool Promiscuous { get; private init; }

    /// <summary>In bytes; 0: as it is.</summary>
    public int Mtu { get; private init; }

    /// <summary>Whether all multicast frames are received; null: as it is.</summary>
    public bool? AllMulticast { get; private init; }

    /// <summary>The length of the queue for sending, in packets; null: as it is.</summary>
    public int? TxQueueLength { get; private init; }

    /// <summary>The directory of the backups.</summary>
    public string DataDir { get; private init; } = DefaultDataDir;

    /// <summary>True where the interface itself is changed, and a backup of it is kept.</summary>
    public bool ChangesLink => Mac is not null || Promiscuous || Mtu != 0 || AllMulticast is not null || TxQueueLength is not null;

    /// <summary>Reads the config of an ADD or CHECK; what is wrong is a <see cref="CniException"/>.</summary>
    public static TuningConfig Parse(CniRequest request)
    {
        var node = request.Config;
        var args = node.FindObject("args")?.FindObject("cni");
        return new TuningConfig
        {
            Sysctls = SysctlKeys.Read(args?.FindObject("sysctl"), node.FindObject("sysctl"), request.IfName),
            Mac = InterfaceKeys.ReadMac(request, hasKey: true),
            Promiscuous = args?.FindBool("promisc") ?? node.GetBool("promisc"),
            Mtu = ReadMtu(args?.FindInt("mtu") ?? node.FindInt("mtu") ?? 0),
            AllMulticast = args?.FindBool("allmulti") ?? node.FindBool("allmulti"),
            TxQueueLength = ReadLength(args?.FindInt("txQLen") ?? node.FindInt("txQLen")),
            DataDir = DataDirOf(node),
        };
    }

    /// <summary>The directory of the backups of a config that may be wrong in every other way.</summary>
    public static string DataDirOf(ConfigNode node) =>
        InterfaceKeys.Leniently(node, static config => config.GetString("dataDir"), "") is { Length: > 0 } given ? given : DefaultDataDir;

    /// <summary>All that is wrong with a config, a sentence each.</summary>
    public static IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = new List<string>();
        problems.Try("sysctl", () => SysctlKeys.Read(null, request.Config.FindObject("sysctl"), request.IfName));
        problems.AddUnknown(request.Config, keys, "is not a key of tuning and has no effect");
        if (problems.Count == 0)
            problems.Try("config", () => Parse(request));
        return problems;
    }

    private static int ReadMtu(int mtu) =>
        mtu is 0 or (>= InterfaceKeys.MinMtu and <= InterfaceKeys.MaxMtu)
            ? mtu
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid mtu {mtu}",
                $"mtu wants {InterfaceKeys.MinMtu} to {InterfaceKeys.MaxMtu} bytes, or 0 to leave it"
            );

    private static int? ReadLength(int? length) =>
        length is null or >= 0
            ? length
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid txQLen {length}",
                "txQLen wants the length of the queue for sending in packets, 0 or more"
            );
}
