using Plugboard.Addresses;

namespace Plugboard.Protocols.FlexVolume;

/// <summary>A call, an option or a config that is not as the contract has it.</summary>
/// <param name="message">A whole sentence; it holds no value of an option.</param>
public class FlexException(string message) : Exception(Excerpt.OfMessage(message));
