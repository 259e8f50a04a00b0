using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Firewall.Iptables;

/// <summary>
/// The lock under which our processes change iptables' rules in a namespace. iptables-nft has none, and a line that must fail for all but
/// the first ("-N") succeeds if another process was first meanwhile: two processes would both add what only one may. It is a file of its
/// own: the caller may hold any other lock.
/// </summary>
internal static class IptablesTurn
{
    /// <summary>
    /// Waits for the lock; null if it cannot be had. Then, and beside programs that do not use the file, only the kernel's generation of
    /// the ruleset and another reading of the rules remain.
    /// </summary>
    public static FileLock? Wait(TimeSpan timeout)
    {
        if (NamespaceLock.TryOpen("iptables") is not { } file)
            return null;
        try
        {
            return FileLock.Take(file, timeout);
        }
        catch (Exception e) when (e is ErrnoException or FileLockTimeoutException)
        {
            file.Dispose();
            return null;
        }
    }
}
