namespace Plugboard.Dhcp.Wire;

/// <summary>Numbers of DHCPv6 options. Source: RFC 8415, 21; RFC 3646.</summary>
internal static class Dhcp6Option
{
    public const ushort ClientIdentifier = 1;
    public const ushort ServerIdentifier = 2;
    public const ushort NonTemporary = 3; // IA_NA
    public const ushort Address = 5; // IAADDR
    public const ushort Requested = 6; // ORO
    public const ushort Preference = 7;
    public const ushort ElapsedTime = 8;
    public const ushort Status = 13;
    public const ushort DnsServers = 23;
    public const ushort DomainSearch = 24;
    public const ushort RefreshTime = 32;
    public const ushort SolicitMaximum = 82; // SOL_MAX_RT
    public const ushort InformationMaximum = 83; // INF_MAX_RT
}

/// <summary>What a message is. Source: RFC 8415, 7.3.</summary>
internal enum Dhcp6Type : byte
{
    Solicit = 1,
    Advertise = 2,
    Request = 3,
    Confirm = 4,
    Renew = 5,
    Rebind = 6,
    Reply = 7,
    Release = 8,
    Decline = 9,
    Reconfigure = 10,
    InformationRequest = 11,
}

/// <summary>Why a server refuses. Source: RFC 8415, 21.13.</summary>
internal enum Dhcp6Status : ushort
{
    Success = 0,
    UnspecFail = 1,
    NoAddrsAvail = 2,
    NoBinding = 3,
    NotOnLink = 4,
    UseMulticast = 5,
    NoPrefixAvail = 6,
}
