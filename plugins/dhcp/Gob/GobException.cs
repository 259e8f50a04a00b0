namespace Plugboard.Dhcp.Gob;

/// <summary>Bytes that are no gob, or not what was expected.</summary>
internal sealed class GobException(string message) : Exception(message);
