using Plugboard.Addresses;
using Plugboard.Dhcp.Gob;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Daemon;

/// <summary>Who asks for a lease, and how.</summary>
/// <param name="Owner">The attachment.</param>
/// <param name="NetNs">The path of the pod's namespace, as the runtime named it.</param>
/// <param name="Args">CNI_ARGS.</param>
/// <param name="StdinData">The network config.</param>
internal sealed record LeaseOrder(Attachment Owner, string NetNs, string Args, byte[] StdinData)
{
    /// <summary>The order of a call.</summary>
    /// <exception cref="CniException">The config is none, or a part of the call cannot be kept.</exception>
    public static LeaseOrder From(RpcCall call)
    {
        var network = NetworkConfig.Parse(call.StdinData).Name;
        foreach (var text in (ReadOnlySpan<string>)[call.ContainerId, call.IfName, call.NetNs])
        {
            if (text.AsSpan().IndexOfAnyInRange('\0', '\u001f') >= 0)
                throw new CniException(CniErrorCode.InvalidEnvironment, "a call's container id, interface or netns has control characters");
        }

        return new LeaseOrder(new Attachment(network, call.ContainerId, call.IfName), call.NetNs, call.Args, call.StdinData);
    }

    /// <summary>What the config says.</summary>
    public DhcpConfig ReadConfig() => DhcpConfig.Parse(NetworkConfig.Parse(StdinData).Root, Args);
}
