using Plugboard.Addresses;
using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Links;

/// <summary>What to change on a link, in one request; null leaves as it is.</summary>
public sealed record LinkChange
{
    /// <summary>Administratively up or down.</summary>
    public bool? Up { get; init; }

    /// <summary>The promiscuous flag.</summary>
    public bool? Promiscuous { get; init; }

    /// <summary>The Ethernet address; writing the present one marks it as chosen, so a bridge keeps it.</summary>
    public MacAddress? Address { get; init; }

    /// <summary>In bytes.</summary>
    public int? Mtu { get; init; }

    /// <summary>The index of the bridge it becomes a port of; 0 takes it out.</summary>
    public int? Master { get; init; }

    /// <summary>A new name, 1 to 15 bytes; before Linux 6.2 a link that is up refuses it (EBUSY).</summary>
    public string? Name { get; init; }

    /// <summary>A text for people, up to 255 bytes; empty removes it.</summary>
    public string? Alias { get; init; }

    internal void Write(NetlinkWriter writer, int index)
    {
        var flags = Flag(Up, IfH.IFF_UP) | Flag(Promiscuous, IfH.IFF_PROMISC);
        var change = (Up is null ? 0 : IfH.IFF_UP) | (Promiscuous is null ? 0 : IfH.IFF_PROMISC);
        writer.WriteStruct(new IfInfoMsg { ifi_index = index, ifi_flags = flags, ifi_change = change });
        if (Address is { } address)
            writer.WriteMac(IfLinkH.IFLA_ADDRESS, address);
        if (Mtu is { } mtu)
            writer.WriteUInt32(IfLinkH.IFLA_MTU, (uint)mtu);
        if (Master is { } master)
            writer.WriteUInt32(IfLinkH.IFLA_MASTER, (uint)master);
        if (Name is not null)
            writer.WriteString(IfLinkH.IFLA_IFNAME, Name);
        if (Alias is not null)
            writer.WriteString(IfLinkH.IFLA_IFALIAS, Alias);
    }

    private static uint Flag(bool? value, uint flag) => value == true ? flag : 0;
}
