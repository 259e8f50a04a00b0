using Plugboard.Firewall;

namespace Plugboard.Hosting;

/// <summary>The words by which configs name a backend.</summary>
public static class BackendWord
{
    /// <summary>Reads a word; false if it is invalid. The empty word leaves the choice free.</summary>
    public static bool TryRead(string word, out FirewallBackend? backend)
    {
        backend = word switch
        {
            "iptables" => FirewallBackend.Iptables,
            "nftables" => FirewallBackend.Nftables,
            _ => null,
        };
        return backend is not null || word.Length == 0;
    }
}
