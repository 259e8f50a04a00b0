using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;

namespace Plugboard.Firewall;

/// <summary>Checks whether a backend can work on this node, in the calling thread's network namespace. Changes nothing.</summary>
public static class BackendProbe
{
    /// <summary>What keeps a backend from working, in words; null if nothing does.</summary>
    /// <param name="backend">Null: one that works is enough.</param>
    /// <exception cref="ErrnoException">The kernel refused the question itself: EPERM.</exception>
    public static string? FindObstacle(FirewallBackend? backend)
    {
        var obstacle = backend == FirewallBackend.Iptables ? null : FindNftablesObstacle();
        if (backend == FirewallBackend.Nftables || (backend is null && obstacle is null))
            return obstacle;
        try
        {
            new IptablesClient(is6: false, new IptablesOptions()).Read();
            return null;
        }
        catch (IptablesException e)
        {
            return obstacle is null ? e.Message : $"{obstacle}; {e.Message}";
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

/// <summary>What writes rules.</summary>
public enum FirewallBackend
{
    /// <summary>The kernel's nftables over netlink, no process.</summary>
    Nftables,

    /// <summary>The iptables tools, with the reference plugins' chains.</summary>
    Iptables,
}
