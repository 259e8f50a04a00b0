using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;

namespace Plugboard.Firewall;

/// <summary>Asks whether a backend can work on this node, in the calling thread's network namespace. Changes nothing.</summary>
public static class BackendProbe
{
    /// <summary>What keeps a backend from working, in words; null where nothing does.</summary>
    /// <param name="backend">Null: one that works is enough.</param>
    /// <exception cref="ErrnoException">The kernel refused the question itself: EPERM.</exception>
    public static string? FindObstacle(FirewallBackend? backend)
    {
        var hindrance = backend == FirewallBackend.Iptables ? null : FindNftablesObstacle();
        if (backend == FirewallBackend.Nftables || (backend is null && hindrance is null))
            return hindrance;
        try
        {
            new IptablesClient(is6: false, new IptablesOptions()).Read();
            return null;
        }
        catch (IptablesException e)
        {
            return hindrance is null ? e.Message : $"{hindrance}; {e.Message}";
        }
    }

    private static string? FindNftablesObstacle()
    {
        try
        {
            using var client = NftablesClient.Open();
            client.Has(new Table(NftFamily.Inet, "plugboard"));
            return null;
        }
        catch (ErrnoException e) when (e.IsNftablesMissing())
        {
            return e.Message;
        }
    }
}
