using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Install;

/// <summary>
/// A name that an executable is to have in a directory: a plugin's file, or a driver's file in the driver's own directory.
/// </summary>
/// <param name="Directory">The directory of its own, <c>vendor~driver</c>; empty for a plugin.</param>
/// <param name="File">The file's name.</param>
public sealed record InstallTarget(string Directory, string File)
{
    /// <summary>A CNI plugin.</summary>
    public static InstallTarget Plugin(string name) => new("", name);

    /// <summary>A FlexVolume driver.</summary>
    public static InstallTarget Driver(DriverName name) => new(name.Tilded, name.Driver);

    /// <summary>True for a FlexVolume driver.</summary>
    public bool IsDriver => Directory.Length > 0;

    /// <summary>By which it is remembered: unique in its directory.</summary>
    public string Key =>
        IsDriver && !Directory.Contains('~', StringComparison.Ordinal) ? "~" + Directory
        : IsDriver ? Directory
        : File;

    /// <summary>The path below the install directory.</summary>
    public string RelativePath => IsDriver ? $"{Directory}/{File}" : File;
}
