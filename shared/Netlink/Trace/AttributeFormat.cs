namespace Plugboard.Netlink.Trace;

/// <summary>How an attribute's value is printed.</summary>
public enum AttributeFormat
{
    /// <summary>Hexadecimal bytes.</summary>
    Bytes,

    /// <summary>Text up to its NUL.</summary>
    Text,

    /// <summary>A number in host order, of whatever size it has.</summary>
    Number,

    /// <summary>A number in network order, of whatever size it has.</summary>
    NumberBigEndian,

    /// <summary>An IP address, or bytes.</summary>
    Address,

    /// <summary>An Ethernet address, or bytes.</summary>
    Mac,

    /// <summary>Only that it is there.</summary>
    Flag,

    /// <summary>Attributes.</summary>
    Nested,
}
