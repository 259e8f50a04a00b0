using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined;

/// <summary>Gives the pod an interface with a hardware address of its own on the network of one of the node's.</summary>
internal sealed class MacvlanPlugin : ChildLinkPlugin
{
    /// <inheritdoc/>
    public override string Name => "macvlan";

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Keys => ["master", "mode", "mtu", "mac", "linkInContainer", "bcqueuelen"];

    /// <inheritdoc/>
    protected override ChildLink Read(CniRequest request)
    {
        var node = request.Config;
        return new MacvlanLink
        {
            Master = node.GetString("master"),
            Mode = ReadMode(node.GetString("mode")),
            Mtu = InterfaceKeys.ReadMtuOfChild(node, "a macvlan"),
            Mac = InterfaceKeys.ReadMac(request, hasKey: true),
            IsMasterInContainer = node.GetBool("linkInContainer"),
            BroadcastQueue = ReadQueue(node),
        };
    }

    private static MacvlanMode ReadMode(string word) =>
        word switch
        {
            "" or "bridge" => MacvlanMode.Bridge,
            "private" => MacvlanMode.Private,
            "vepa" => MacvlanMode.Vepa,
            "passthru" => MacvlanMode.Passthru,
            _ => throw new CniException(
                CniErrorCode.UnsupportedField,
                $"unknown macvlan mode: \"{word}\"",
                "mode is \"bridge\", \"private\", \"vepa\" or \"passthru\""
            ),
        };

    private static uint ReadQueue(ConfigNode node)
    {
        var length = node.FindInt("bcqueuelen") ?? 0;
        return length >= 0
            ? (uint)length
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "invalid bcqueuelen " + length.ToString(CultureInfo.InvariantCulture),
                "bcqueuelen wants a number of packets, or 0 for the kernel's default"
            );
    }
}

/// <summary>A macvlan above a master.</summary>
internal sealed record MacvlanLink : ChildLink
{
    /// <summary>What it exchanges with the others above its master.</summary>
    public required MacvlanMode Mode { get; init; }

    /// <summary>Its hardware address; null: a random one.</summary>
    public MacAddress? Mac { get; init; }

    /// <summary>The length of the queue for broadcasts; 0: the kernel's default.</summary>
    public uint BroadcastQueue { get; init; }

    /// <inheritdoc/>
    public override string Kind => "macvlan";

    /// <inheritdoc/>
    public override bool NeedsAddresses => false;

    /// <inheritdoc/>
    public override LinkSpec ToSpec(string name, int master) =>
        new MacvlanSpec
        {
            Name = name,
            Parent = master,
            Mode = Mode,
            Mtu = Mtu,
            // Set always: what the kernel draws, udev's MACAddressPolicy=persistent may replace after ADD has reported it.
            Address = Mode == MacvlanMode.Passthru ? Mac : Mac ?? MacAddress.Local(RandomBits.Next()),
            BroadcastQueue = BroadcastQueue,
        };

    /// <inheritdoc/>
    public override string? FindDifference(Link link) =>
        link.Macvlan == Mode ? null : $"container macvlan mode {WordOf(link.Macvlan)} does not match expected value: {WordOf(Mode)}";

    /// <inheritdoc/>
    public override string? FindRemedy(Errno errno) =>
        errno switch
        {
            Errno.EINVAL when Mode == MacvlanMode.Passthru => "passthru wants the master for itself: other macvlans are above it already",
            Errno.EBUSY => "the master has another use that excludes a macvlan: an ipvlan above it, or it is a port of a bridge or bond",
            Errno.EADDRINUSE => "the master, or another macvlan above it, has this hardware address: choose another mac",
            Errno.EINVAL => "the master is no Ethernet device, or a macvlan in mode passthru has it for itself",
            _ => null,
        };

    private static string WordOf(MacvlanMode? mode) => mode?.ToString().ToLowerInvariant() ?? "unknown";
}
