using Plugboard.Addresses;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined;

/// <summary>Gives the pod an interface that drops what it sends: addresses without a network, for anycast and tests.</summary>
internal sealed class DummyPlugin : ChildLinkPlugin
{
    /// <inheritdoc/>
    public override string Name => "dummy";

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Keys => ["mtu", "mac"];

    /// <inheritdoc/>
    protected override ChildLink Read(CniRequest request) =>
        new DummyLink
        {
            Mtu = InterfaceKeys.ReadMtu(request.Config, "a dummy interface"),
            // The reference's reads no CNI_ARGS.
            Mac = InterfaceKeys.ReadMac(request, hasKey: true, isStrict: false),
        };
}

/// <summary>A link without a master.</summary>
internal sealed record DummyLink : ChildLink
{
    /// <summary>Its hardware address; null: a random one.</summary>
    public MacAddress? Mac { get; init; }

    /// <inheritdoc/>
    public override string Kind => "dummy";

    /// <inheritdoc/>
    public override bool HasMaster => false;

    /// <inheritdoc/>
    public override bool HasNeighbours => false;

    /// <inheritdoc/>
    public override LinkSpec ToSpec(string name, int master) =>
        new DummySpec
        {
            Name = name,
            Mtu = Mtu,
            Address = Mac,
        };
}
