using Plugboard.Addresses;

namespace Plugboard.Coordinator.Masquerade.Configuration;

/// <summary>A configuration file that cannot be used.</summary>
/// <param name="message">The reason, in ip-masq-agent's words if it has some.</param>
internal sealed class MasqueradeConfigException(string message) : Exception(Excerpt.OfMessage(message));
