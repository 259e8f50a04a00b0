namespace Plugboard.Install;

/// <summary>Writes what is remembered of a target.</summary>
internal static class Records
{
    private const uint Mode = 0x1a4; // 0644

    /// <summary>Replaces it in one step; it is on the disk when this returns.</summary>
    public static void Write(InstallDirectory place, InstallTarget target, InstallRecord record) =>
        place.State.Replace(StateNames.Record(target.Key), record.ToBytes(), Mode);
}
