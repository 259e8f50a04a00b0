using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>sys/random.h: getrandom(2).</summary>
internal static unsafe partial class Entropy
{
    /// <summary>Do not wait for the pool, which a machine that has just booted may not have filled.</summary>
    public const uint GRND_INSECURE = 4;

    [LibraryImport("libc", EntryPoint = "getrandom", SetLastError = true)]
    public static partial nint GetRandom(void* buffer, nuint length, uint flags);
}
