using System.Globalization;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined;

/// <summary>Gives the pod one VLAN of one of the node's interfaces.</summary>
internal sealed class VlanPlugin : ChildLinkPlugin
{
    private const int MaxId = 4094;

    /// <inheritdoc/>
    public override string Name => "vlan";

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Keys => ["master", "vlanId", "protocol", "mtu", "linkInContainer"];

    /// <inheritdoc/>
    protected override ChildLink Read(CniRequest request)
    {
        var node = request.Config;
        return new VlanLink
        {
            Master = ReadMaster(node),
            Id = ReadId(node),
            Protocol = ReadProtocol(node.GetString("protocol")),
            Mtu = InterfaceKeys.ReadMtuOfChild(node, "a vlan interface"),
            IsMasterInContainer = node.GetBool("linkInContainer"),
        };
    }

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        if (IsWithoutId(request))
            StandardError.WriteLine($"vlan: vlanId {WithoutId}");
        return base.Add(request);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request) =>
        IsWithoutId(request) ? [.. base.Validate(request), $"vlanId: {WithoutId}"] : base.Validate(request);

    // The reference takes it so: a node with such a config goes on to work.
    private const string WithoutId =
        "is missing: the interface has VLAN 0, which is for priorities alone; add vlanId to the network config, 0 if that is meant";

    private static bool IsWithoutId(CniRequest request) => request.Config.Find("vlanId") is null;

    private static string ReadMaster(ConfigNode node) =>
        node.GetString("master") is { Length: > 0 } master
            ? master
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "\"master\" field is required. It specifies the host interface name to create the VLAN for",
                "add master to the network config"
            );

    private static int ReadId(ConfigNode node)
    {
        var id = node.FindInt("vlanId") ?? 0;
        return id is >= 0 and <= MaxId
            ? id
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid VLAN ID {id.ToString(CultureInfo.InvariantCulture)} (must be between 0 and {MaxId} inclusive)",
                "correct vlanId in the network config"
            );
    }

    private static ushort ReadProtocol(string word) =>
        word switch
        {
            "" or "802.1Q" or "802.1q" => VlanLink.Dot1Q,
            "802.1ad" => VlanLink.Dot1Ad,
            _ => throw new CniException(
                CniErrorCode.UnsupportedField,
                $"unknown vlan protocol: \"{word}\"",
                "protocol is \"802.1Q\" or \"802.1ad\""
            ),
        };
}

/// <summary>A VLAN above a master.</summary>
internal sealed record VlanLink : ChildLink
{
    /// <summary>ETH_P_8021Q (include/uapi/linux/if_ether.h).</summary>
    public const ushort Dot1Q = 0x8100;

    /// <summary>ETH_P_8021AD (include/uapi/linux/if_ether.h).</summary>
    public const ushort Dot1Ad = 0x88a8;

    /// <summary>The tag.</summary>
    public required int Id { get; init; }

    /// <summary>The frame's type.</summary>
    public required ushort Protocol { get; init; }

    /// <inheritdoc/>
    public override string Kind => "vlan";

    /// <inheritdoc/>
    public override LinkSpec ToSpec(string name, int master) =>
        new VlanSpec
        {
            Name = name,
            Parent = master,
            Id = Id,
            Protocol = Protocol == Dot1Q ? (ushort)0 : Protocol,
            Mtu = Mtu,
        };

    /// <inheritdoc/>
    public override string? FindDifference(Link link) =>
        link.VlanId == Id ? null : $"vlan ID {link.VlanId} of {link.Name} does not match vlanId: {Id}";

    /// <inheritdoc/>
    public override string? FindRemedy(Errno errno) =>
        errno switch
        {
            Errno.EEXIST => $"VLAN {Id} of {Master} exists already, and a master has each VLAN once: another pod or the node has it. "
                + "For several pods use bridge with vlan, or macvlan above the node's VLAN interface",
            Errno.EPROTONOSUPPORT => "the kernel does not know this protocol of VLANs",
            _ => null,
        };
}
