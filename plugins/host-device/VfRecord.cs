using System.Globalization;
using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>
/// A virtual function as it was before an attachment got it, in the reference's file and form, so that either can restore what the other
/// changed. What the reference does not know is in a member of its own. Pure.
/// </summary>
internal sealed record VfRecord
{
    private const string Own = "plugboard";

    /// <summary>The attachment's network.</summary>
    public required string Network { get; init; }

    /// <summary>The PCI address.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The settings that the attachment asked for.</summary>
    public required SriovConfig Config { get; init; }

    /// <summary>The function, as its physical function's driver had it.</summary>
    public required VirtualFunction Before { get; init; }

    /// <summary>The name of its interface on the host; empty if a program drives it.</summary>
    public string HostName { get; init; } = "";

    /// <summary>The hardware address of its interface; null if unknown.</summary>
    public MacAddress? EffectiveMac { get; init; }

    /// <summary>The MTU of its interface, in bytes; 0 if unknown.</summary>
    public int Mtu { get; init; }

    /// <summary>The interface of its physical function.</summary>
    public string Master { get; init; } = "";

    /// <summary>Its interface was up; the reference does not say.</summary>
    public bool IsUp { get; init; }

    /// <summary>CNI_NETNS of the ADD; empty in a file of the reference's.</summary>
    public string NetNs { get; init; } = "";

    /// <summary>The inode number of that namespace; 0 if unknown.</summary>
    public ulong NetNsInode { get; init; }

    /// <summary>The boot of the node; empty in a file of the reference's.</summary>
    public string Boot { get; init; } = "";

    /// <summary>The file of an attachment.</summary>
    public static string NameOf(string containerId, string ifName) => $"{containerId}-{ifName}";

    /// <summary>The file's content.</summary>
    /// <param name="config">The config of the ADD, whose keys are kept.</param>
    public byte[] ToBytes(JsonValue config)
    {
        var file = JsonMembers.From(config);
        file.Remove("prevResult");
        file.Set("OrigVfState", Original());
        file.Set("Master", JsonValue.Of(Master));
        file.Set("MAC", JsonValue.Of(Config.Mac?.ToString() ?? ""));
        file.Set("MTU", JsonValue.Of(Mtu));
        file.Set("VFID", JsonValue.Of(Before.Number));
        file.Set("deviceID", JsonValue.Of(DeviceId));
        var own = JsonMembers.From(null);
        own.Set("boot", JsonValue.Of(Boot));
        own.Set("netns", JsonValue.Of(NetNs));
        own.Set("netnsInode", JsonValue.Of(NetNsInode.ToString(CultureInfo.InvariantCulture)));
        own.Set("up", JsonValue.Of(IsUp));
        file.Set(Own, own.ToValue());
        return file.ToBytes();
    }

    private JsonValue Original()
    {
        var state = JsonMembers.From(null);
        state.Set("HostIFName", JsonValue.Of(HostName));
        state.Set("SpoofChk", JsonValue.Of(Before.SpoofCheck == true));
        state.Set("Trust", JsonValue.Of(Before.Trust == true));
        state.Set("AdminMAC", JsonValue.Of(Before.Mac?.ToString() ?? ""));
        state.Set("EffectiveMAC", JsonValue.Of(EffectiveMac?.ToString() ?? ""));
        state.Set("Vlan", JsonValue.Of(Before.Vlan.Id));
        state.Set("VlanQoS", JsonValue.Of(Before.Vlan.Qos));
        state.Set("VlanProto", JsonValue.Of((int)Before.Vlan.Protocol));
        state.Set("MinTxRate", JsonValue.Of(Before.MinTxRate));
        state.Set("MaxTxRate", JsonValue.Of(Before.MaxTxRate));
        state.Set("LinkState", JsonValue.Of((int)(Before.LinkState ?? VfLinkState.Auto)));
        state.Set("MTU", JsonValue.Of(Mtu));
        return state.ToValue();
    }

    /// <summary>What a file says, ours or the reference's.</summary>
    /// <exception cref="CniException">It is no such file.</exception>
    public static VfRecord Parse(ReadOnlySpan<byte> content, string name)
    {
        var file = new ConfigNode(JsonValue.Parse(content, name), "");
        var state = file.FindObject("OrigVfState") ?? FindOldest(file);
        if (state is not { } original)
            throw new CniException(CniErrorCode.DecodingFailure, $"{name} has no OrigVfState");
        var own = file.FindObject(Own);
        return new VfRecord
        {
            Network = file.GetString("name"),
            DeviceId = SriovConfig.FindDevice(file),
            Config = SriovConfig.Read(file) with { Mac = ReadMac(file.GetString("MAC")) },
            Before = ReadFunction(original, file.FindInt("VFID") ?? 0),
            HostName = original.GetString("HostIFName"),
            EffectiveMac = ReadMac(original.GetString("EffectiveMAC")),
            Mtu = original.FindInt("MTU") ?? 0,
            Master = file.GetString("Master"),
            IsUp = own?.GetBool("up") ?? false,
            NetNs = own?.GetString("netns") ?? "",
            NetNsInode = ulong.TryParse(own?.GetString("netnsInode"), NumberStyles.None, CultureInfo.InvariantCulture, out var inode)
                ? inode
                : 0,
            Boot = own?.GetString("boot") ?? "",
        };
    }

    // The oldest versions keep name and addresses beside the config's keys, and nothing of the settings: their DEL sets the defaults.
    private static ConfigNode? FindOldest(ConfigNode file)
    {
        if (file.Find("HostIFNames") is not { Value.Kind: JsonValueKind.String } names)
            return null;
        var state = JsonMembers.From(null);
        state.Set("HostIFName", names.Value);
        state.Set("AdminMAC", JsonValue.Of(file.GetString("adminMAC")));
        state.Set("EffectiveMAC", JsonValue.Of(file.GetString("effectiveMAC")));
        state.Set("SpoofChk", JsonValue.Of(true));
        state.Set("Trust", JsonValue.Of(false));
        return new ConfigNode(state.ToValue(), "");
    }

    private static VirtualFunction ReadFunction(ConfigNode state, int number) =>
        new()
        {
            Number = number,
            Mac = ReadMac(state.GetString("AdminMAC")),
            Vlan = new VfVlan(
                state.FindInt("Vlan") ?? 0,
                state.FindInt("VlanQoS") ?? 0,
                state.FindInt("VlanProto") == (int)VlanProtocol.Ieee8021AD ? VlanProtocol.Ieee8021AD : VlanProtocol.Ieee8021Q
            ),
            MinTxRate = state.FindInt("MinTxRate") ?? 0,
            MaxTxRate = state.FindInt("MaxTxRate") ?? 0,
            SpoofCheck = state.FindBool("SpoofChk") ?? true,
            // Not in older files, whose DEL took it back.
            Trust = state.FindBool("Trust") ?? false,
            LinkState = (VfLinkState)(state.FindInt("LinkState") ?? 0),
        };

    private static MacAddress? ReadMac(string text) => MacAddress.TryParse(text, out var mac) ? mac : null;
}
