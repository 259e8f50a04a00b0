namespace Plugboard.Dhcp.Wire;

/// <summary>Numbers of DHCP options. Source: RFC 2132; RFC 3397, 3442.</summary>
internal static class DhcpOption
{
    public const byte Pad = 0;
    public const byte SubnetMask = 1;
    public const byte Routers = 3;
    public const byte DomainNameServers = 6;
    public const byte HostName = 12;
    public const byte DomainName = 15;
    public const byte InterfaceMtu = 26;
    public const byte StaticRoutes = 33;
    public const byte RequestedAddress = 50;
    public const byte LeaseTime = 51;
    public const byte Overload = 52;
    public const byte MessageType = 53;
    public const byte ServerIdentifier = 54;
    public const byte ParameterRequestList = 55;
    public const byte Message = 56;
    public const byte MaximumMessageSize = 57;
    public const byte RenewalTime = 58;
    public const byte RebindingTime = 59;
    public const byte VendorClassIdentifier = 60;
    public const byte ClientIdentifier = 61;
    public const byte UserClass = 77;
    public const byte DomainSearch = 119;
    public const byte ClasslessStaticRoutes = 121;
    public const byte End = 255;

    /// <summary>The number of a name that the reference's configs use; null if it has none.</summary>
    public static byte? Find(string name) =>
        name switch
        {
            "dhcp-client-identifier" => ClientIdentifier,
            "subnet-mask" => SubnetMask,
            "routers" => Routers,
            "host-name" => HostName,
            "user-class" => UserClass,
            "vendor-class-identifier" => VendorClassIdentifier,
            _ => null,
        };
}

/// <summary>What a message is, option 53. Source: RFC 2132, 9.6.</summary>
internal enum DhcpType : byte
{
    Discover = 1,
    Offer = 2,
    Request = 3,
    Decline = 4,
    Ack = 5,
    Nak = 6,
    Release = 7,
}
