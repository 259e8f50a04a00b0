using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Install;

/// <summary>The names in <c>.plugboard</c>. All begin with a dot; what comes after the key's prefix is the key.</summary>
internal static class StateNames
{
    private const string RecordPrefix = ".record-";
    private const string OriginalPrefix = ".original-";
    private const string BackupPrefix = ".keep-";
    private const string GonePrefix = ".gone-";

    /// <summary>Locked by the processes that repair the executables.</summary>
    public const string RepairLock = ".keeper";

    /// <summary>What is remembered.</summary>
    public static string Record(string key) => RecordPrefix + key;

    /// <summary>What stood there before the last install.</summary>
    public static string Previous(string key) => ".previous-" + key;

    /// <summary>The files that other programs had installed.</summary>
    public static string Original(string key) => OriginalPrefix + key;

    /// <summary>The files that are about to be installed.</summary>
    public static string New(string key) => ".new-" + key;

    /// <summary>A second name of what is about to be replaced; becomes the previous one when it is.</summary>
    public static string Backup(string key) => BackupPrefix + key;

    /// <summary>A name on the way to another.</summary>
    public static string Temporary(string key) => ".temporary-" + key;

    /// <summary>A driver's directory on its way in or out.</summary>
    public static string Gone(string key) => GonePrefix + key;

    /// <summary>The key of a record's name; null for another name.</summary>
    public static string? FindKeyOfRecord(string name) => FindKey(name, RecordPrefix);

    /// <summary>The key of an original's name; null for another name.</summary>
    public static string? FindKeyOfOriginal(string name) => FindKey(name, OriginalPrefix);

    /// <summary>The key of a kept name; null for another name.</summary>
    public static string? FindKeyOfBackup(string name) => FindKey(name, BackupPrefix);

    /// <summary>The key of a driver's directory on its way; null for another name.</summary>
    public static string? FindKeyOfGone(string name) => FindKey(name, GonePrefix);

    /// <summary>True for leftovers of an install that was killed.</summary>
    public static bool IsLeftover(string name) =>
        name.StartsWith(".new-", StringComparison.Ordinal)
        || name.StartsWith(".temporary-", StringComparison.Ordinal)
        || name.StartsWith("..", StringComparison.Ordinal);

    /// <summary>The target of a key. A driver's has a <c>~</c>, which no plugin's name has.</summary>
    public static InstallTarget TargetOf(string key) =>
        key.Contains('~', StringComparison.Ordinal) && DriverName.Find(key.TrimStart('~')) is { } name
            ? InstallTarget.Driver(name)
            : InstallTarget.Plugin(key);

    private static string? FindKey(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : null;
}
