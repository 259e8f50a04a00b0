using Plugboard.Addresses;

namespace Plugboard.Protocols.FlexVolume;

/// <summary>A call, an option or a config that violates the contract.</summary>
/// <param name="message">A whole sentence; it contains no value of an option.</param>
public class FlexException(string message) : Exception(Excerpt.OfMessage(message));
