using Plugboard.Linux;

namespace Plugboard.Firewall.Nftables;

/// <summary>Tells a kernel that cannot do what is asked for from one that will not.</summary>
public static class NftablesSupport
{
    /// <summary>
    /// True where the kernel lacks nf_tables, a family, a kind of chain or an expression: NAT in inet tables is there since Linux 5.2, sets
    /// of intervals of several fields since 5.6. Modules that are not installed look the same.
    /// </summary>
    public static bool IsNftablesMissing(this ErrnoException exception)
    {
        if (exception is not NftablesException refused)
            return exception is NftablesMissingException;
        foreach (var failure in refused.Failures)
        {
            if (
                failure.Error.Errno is Errno.EOPNOTSUPP or Errno.EPROTONOSUPPORT or Errno.EAFNOSUPPORT or Errno.EINVAL or Errno.ENOENT
                && failure.Elements is null
            )
                return true;
        }

        return false;
    }
}
