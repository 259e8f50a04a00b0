namespace Plugboard.Doctor.Nodes;

/// <summary>How old files are.</summary>
internal static class Ages
{
    /// <summary>The time since nanoseconds of 1970; none where that lies ahead.</summary>
    public static TimeSpan Since(Int128 nanoseconds, DateTimeOffset now)
    {
        var age = now - DateTimeOffset.UnixEpoch.AddTicks((long)(nanoseconds / 100));
        return age < TimeSpan.Zero ? TimeSpan.Zero : age;
    }
}
