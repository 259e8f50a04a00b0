namespace Plugboard.Firewall.Iptables;

/// <summary>A name or a condition cannot be written in a rule so that iptables-restore reads it: nothing was done.</summary>
/// <param name="message">One whole sentence.</param>
public sealed class IptablesWordException(string message) : FormatException(message);
