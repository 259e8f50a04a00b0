using System.Globalization;
using Plugboard.Documents;

namespace Plugboard.Runtimes;

/// <summary>A list of directories that a file sets.</summary>
/// <param name="Directories">The directories; of a single one a list of one.</param>
/// <param name="Place">The file and line.</param>
internal sealed record ConfigSetting(IReadOnlyList<string> Directories, string Place)
{
    /// <summary>The value of a key that is a string; null if it is absent or empty.</summary>
    public static ConfigSetting? FindOne(DocumentNode? table, string key, string path) =>
        table?.Find(key) is { } value && value.AsText().Length > 0 ? At([Directory(value)], value, path) : null;

    /// <summary>The text of a key; null if it is absent or empty.</summary>
    public static string? FindText(DocumentNode? table, string key) => table?.Find(key)?.AsText() is { Length: > 0 } text ? text : null;

    /// <summary>The value of a key that is a list of strings; null if it is absent or empty.</summary>
    public static ConfigSetting? FindMany(DocumentNode? table, string key, string path)
    {
        if (table?.Find(key) is not { } value)
            return null;
        var directories = value.AsList().Where(static item => item.AsText().Length > 0).Select(Directory).ToList();
        return directories.Count > 0 ? At(directories, value, path) : null;
    }

    private static ConfigSetting At(IReadOnlyList<string> directories, DocumentNode value, string path) =>
        new(directories, string.Create(CultureInfo.InvariantCulture, $"{path}, line {value.Line}"));

    // Without `..`, so that it stays below the host's root, and without a slash at its end.
    private static string Directory(DocumentNode value) =>
        value.Text.StartsWith('/') && !value.Text.Contains('\0', StringComparison.Ordinal)
            ? System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(value.Text))
            : throw value.Refused($"must be an absolute path, not {value.Quoted}");
}
