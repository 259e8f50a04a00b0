using Plugboard.Addresses;
using Plugboard.Linux.Sockets;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined;

/// <summary>Gives the pod a tap device, which a program in it opens: a virtual machine's monitor, as of KubeVirt.</summary>
internal sealed class TapPlugin : ChildLinkPlugin
{
    /// <inheritdoc/>
    public override string Name => "tap";

    /// <inheritdoc/>
    protected override string Kind => TapLink.LinkKind;

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Keys => ["multiQueue", "mtu", "mac", "owner", "group", "selinuxContext", "bridge"];

    /// <inheritdoc/>
    protected override ChildLink Read(CniRequest request)
    {
        var node = request.Config;
        return new TapLink
        {
            IsMultiQueue = node.GetBool("multiQueue"),
            Mtu = InterfaceKeys.ReadMtu(node, "a tap device"),
            Mac = ReadMac(node.GetString("mac")),
            Owner = ReadId(node, "owner"),
            Group = ReadId(node, "group"),
            SELinuxContext = ReadContext(node.GetString("selinuxContext")),
            Bridge = node.GetString("bridge"),
        };
    }

    // The config alone, as the reference's: what a runtime passes is for the guest's interface.
    private static MacAddress? ReadMac(string text) =>
        text.Length == 0 ? null
        : MacAddress.TryParse(text, out var mac) && !mac.IsMulticast && !mac.IsZero ? mac
        : throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            $"address {text}: invalid MAC address",
            "mac wants six bytes of one interface, such as 02:00:00:00:00:01"
        );

    private static uint? ReadId(ConfigNode node, string key) =>
        node.FindInt(key) switch
        {
            null => null,
            >= 0 and var id => (uint)id,
            var id => throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid {key} {id}",
                $"{key} is a number from 0; without it only root opens the device"
            ),
        };

    private static string ReadContext(string context) =>
        context.Length == 0 || context.Split(':').Length >= 3
            ? context
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid selinuxContext \"{context}\"",
                "it is user:role:type, and perhaps a level, such as system_u:system_r:container_t:s0"
            );

    /// <inheritdoc/>
    public override void Status(CniRequest request)
    {
        base.Status(request);
        if (TapDevice.FindRefusal() is { } refusal)
        {
            throw new CniException(
                CniErrorCode.PluginNotAvailable,
                $"tap devices cannot be made: {refusal.Message}",
                "load the module tun, and give the runtime the device /dev/net/tun",
                refusal
            );
        }
    }
}
