using System.Runtime.InteropServices;

namespace Plugboard.Linux;

/// <summary>
/// Numbers that differ between machines, processes and calls; for names and addresses, not for secrets. Source: getrandom(2).
/// </summary>
public static unsafe class RandomBits
{
    /// <summary>64 bits, by one system call that never waits.</summary>
    /// <exception cref="ErrnoException">A filter of system calls forbids getrandom.</exception>
    public static ulong Next()
    {
        ulong bits;
        // GRND_INSECURE is Linux 5.6; an older kernel refuses it (EINVAL) and may wait while it boots.
        if (
            LibC.Entropy.GetRandom(&bits, sizeof(ulong), LibC.Entropy.GRND_INSECURE) == sizeof(ulong)
            || (Marshal.GetLastPInvokeError() == (int)Errno.EINVAL && LibC.Entropy.GetRandom(&bits, sizeof(ulong), 0) == sizeof(ulong))
        )
            return bits;
        throw ErrnoException.Last("getrandom", "8 bytes");
    }
}
