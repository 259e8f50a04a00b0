namespace Plugboard.Firewall.Pods;

/// <summary>Tables of the node could not be repaired.</summary>
/// <param name="reason">Why, one whole sentence.</param>
public sealed class NftablesRestoreException(string reason) : Exception(reason);
