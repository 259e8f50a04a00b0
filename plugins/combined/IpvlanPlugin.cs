using Plugboard.Linux;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined;

/// <summary>Gives the pod an interface with the hardware address of one of the node's, on that one's network.</summary>
internal sealed class IpvlanPlugin : ChildLinkPlugin
{
    /// <inheritdoc/>
    public override string Name => "ipvlan";

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Keys => ["master", "mode", "flags", "mtu", "linkInContainer"];

    /// <inheritdoc/>
    protected override ChildLink Read(CniRequest request)
    {
        var node = request.Config;
        return new IpvlanLink
        {
            Master = node.GetString("master") is { Length: > 0 } named ? named : FindMasterOfChain(request),
            Mode = ReadMode(node.GetString("mode")),
            Flag = ReadFlag(node.GetString("flags")),
            Mtu = InterfaceKeys.ReadMtuOfChild(node, "an ipvlan"),
            IsMasterInContainer = node.GetBool("linkInContainer"),
        };
    }

    /// <inheritdoc/>
    protected override CniResult? FindChained(CniRequest request) =>
        request.FindPrevResult() is { IPs.Count: > 0 } previous ? previous : null;

    // CHECK has ADD's own result there.
    private static string FindMasterOfChain(CniRequest request)
    {
        if (request.Verb != CniVerb.Add || request.FindPrevResult() is not { } previous)
            return "";
        return previous.Interfaces is [{ Name.Length: > 0 } only]
            ? only.Name
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "chained master failure. PrevResult lacks a single named interface",
                "without master ipvlan takes the only interface of the plugin before it: name the master in the network config"
            );
    }

    private static IpvlanMode ReadMode(string word) =>
        word switch
        {
            "" or "l2" => IpvlanMode.L2,
            "l3" => IpvlanMode.L3,
            "l3s" => IpvlanMode.L3S,
            _ => throw new CniException(
                CniErrorCode.UnsupportedField,
                $"unknown ipvlan mode: \"{word}\"",
                "mode is \"l2\", \"l3\" or \"l3s\""
            ),
        };

    private static IpvlanFlag ReadFlag(string word) =>
        word switch
        {
            "" or "bridge" => IpvlanFlag.Bridge,
            "private" => IpvlanFlag.Private,
            "vepa" => IpvlanFlag.Vepa,
            _ => throw new CniException(
                CniErrorCode.UnsupportedField,
                $"unknown ipvlan flags: \"{word}\"",
                "flags is \"bridge\", \"private\" or \"vepa\""
            ),
        };
}

/// <summary>An ipvlan above a master.</summary>
internal sealed record IpvlanLink : ChildLink
{
    /// <summary>The layer at which packets are distributed.</summary>
    public required IpvlanMode Mode { get; init; }

    /// <summary>What the ipvlans of the master exchange.</summary>
    public IpvlanFlag Flag { get; init; }

    /// <inheritdoc/>
    public override string Kind => "ipvlan";

    /// <inheritdoc/>
    public override bool MayBeChained => true;

    /// <inheritdoc/>
    public override bool HasNeighbours => Mode == IpvlanMode.L2;

    /// <inheritdoc/>
    public override LinkSpec ToSpec(string name, int master) =>
        new IpvlanSpec
        {
            Name = name,
            Parent = master,
            Mode = Mode,
            Flag = Flag,
            Mtu = Mtu,
        };

    /// <inheritdoc/>
    public override string? FindDifference(Link link) =>
        link.Ipvlan == Mode ? null : $"Container IPVlan mode {WordOf(link.Ipvlan)} does not match expected value: {WordOf(Mode)}";

    /// <inheritdoc/>
    public override string? FindRemedy(Errno errno) =>
        errno == Errno.EBUSY
            ? "the master has another use that excludes an ipvlan: a macvlan above it, or it is a port of a bridge or bond"
            : null;

    private static string WordOf(IpvlanMode? mode) => mode?.ToString().ToLowerInvariant() ?? "unknown";
}
