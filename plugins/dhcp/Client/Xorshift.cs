namespace Plugboard.Dhcp.Client;

/// <summary>The random numbers of a client, which a test can repeat. Source: Marsaglia, "Xorshift RNGs". Pure.</summary>
internal static class Xorshift
{
    /// <summary>The number after another one; it is never zero.</summary>
    public static ulong Next(ulong random)
    {
        random |= 1UL << 63;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        return random;
    }
}
