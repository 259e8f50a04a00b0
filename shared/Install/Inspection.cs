using System.Globalization;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Install;

/// <summary>Examines targets and changes nothing.</summary>
public static class Inspection
{
    /// <summary>The mode of every installed executable: rwxr-xr-x.</summary>
    internal const uint ExecutableMode = 0x1ed;

    /// <summary>Examines one target.</summary>
    public static TargetFinding Inspect(InstallDirectory place, InstallTarget target)
    {
        var record = place.FindRecord(target);
        using var home = place.FindHome(target);
        var facts = home is null ? null : FindFacts(home, target.File, record);
        return new TargetFinding(target, StateOf(facts, record), facts)
        {
            Flaw = home?.FindStatus(target.File) is { } status ? FindFlaw(status) : null,
            HasPrevious = place.HasPrevious(target),
            HasOriginal = place.HasOriginal(target),
        };
    }

    /// <summary>What is known of a file in a directory, by its digest; null if it is missing.</summary>
    internal static ExecutableFacts? FindFacts(FileDirectory home, string name, InstallRecord? record)
    {
        if (home.FindStatus(name) is not { } status)
            return null;
        var since = Iso(DateTimeOffset.UnixEpoch.AddSeconds((long)(status.ModifiedNanoseconds / 1_000_000_000)));
        if (home.FindLinkTarget(name) is { } link)
            return record?.Find("link:" + link) ?? new ExecutableFacts("link:" + link, 0, since, "found");
        using var file = home.FindRegular(name);
        if (file is null)
            return new ExecutableFacts("", 0, since, "found");
        var digest = FileContent.Digest(file.ReadAt);
        return record?.Find(digest) ?? new ExecutableFacts(digest, status.Size, since, "found") { BuildId = FindBuildId(file) };
    }

    internal static string? FindBuildId(FileDescriptor file) => BuildId.Find(file.SelfPath) is { } id ? Convert.ToHexStringLower(id) : null;

    internal static string Iso(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>What is wrong with mode or owner; null if nothing is.</summary>
    internal static string? FindFlaw(FileStatus status)
    {
        if (!status.IsRegular)
            return status.IsLink ? "symbolic link"
                : status.IsDirectory ? "directory"
                : "not a regular file";
        if (status.Mode != ExecutableMode)
            return $"mode {Convert.ToString(status.Mode, 8)}";
        return status.User != 0 || status.Group != 0
            ? string.Create(CultureInfo.InvariantCulture, $"owner {status.User}:{status.Group}")
            : null;
    }

    private static TargetState StateOf(ExecutableFacts? facts, InstallRecord? record)
    {
        if (facts is null)
            return TargetState.Missing;
        if (record is null)
            return TargetState.Foreign;
        if (record.IsOurs(facts.Digest))
            return TargetState.Ours;
        // A file that a rollback restored is as it should be, though it is not ours.
        return record.Current.Digest == facts.Digest || record.Previous?.Digest == facts.Digest ? TargetState.Foreign : TargetState.Differs;
    }
}
