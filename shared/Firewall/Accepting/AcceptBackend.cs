namespace Plugboard.Firewall.Accepting;

/// <summary>What has the node's forward chain accept pods.</summary>
public enum AcceptBackend
{
    /// <summary>iptables, in the reference's chains.</summary>
    Iptables,

    /// <summary>firewalld: a zone that accepts takes the pods' addresses.</summary>
    Firewalld,

    /// <summary>
    /// Nothing, because no chain drops what the pods send: accepting in a table of our own would not help against another's drop.
    /// </summary>
    Nftables,
}
