using Plugboard.Addresses;

namespace Plugboard.Coordinator.Cli;

/// <summary>An option or a file that the coordinator cannot start with; the message is for the operator.</summary>
internal sealed class SettingException(string message) : Exception(Excerpt.OfMessage(message));
