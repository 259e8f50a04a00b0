namespace Plugboard.Netlink.Route;

/// <summary>An address' flags. Source: rtnetlink(7); include/uapi/linux/if_addr.h, IFA_F_*.</summary>
[Flags]
public enum AddressFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>A further IPv4 address of a network, or a temporary IPv6 address.</summary>
    Secondary = 0x01,

    /// <summary>Taken without duplicate address detection.</summary>
    NoDad = 0x02,

    /// <summary>Used before duplicate address detection is over.</summary>
    Optimistic = 0x04,

    /// <summary>Someone else has the address.</summary>
    DadFailed = 0x08,

    /// <summary>No longer preferred.</summary>
    Deprecated = 0x20,

    /// <summary>Duplicate address detection is not over, or failed: not yet usable.</summary>
    Tentative = 0x40,

    /// <summary>Without an end.</summary>
    Permanent = 0x80,

    /// <summary>Without a route to its network.</summary>
    NoPrefixRoute = 0x200,
}
