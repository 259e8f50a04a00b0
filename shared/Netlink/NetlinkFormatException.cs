namespace Plugboard.Netlink;

/// <summary>Bytes that are no netlink message: a length beyond its container, a value of the wrong size, a text that never ends.</summary>
/// <param name="message">What is wrong, as a sentence.</param>
public sealed class NetlinkFormatException(string message) : Exception(message);
