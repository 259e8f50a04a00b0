using Plugboard.Install;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Installer;

/// <summary>The executables that are plugins, in order of installation.</summary>
internal static class PluginSet
{
    /// <summary>The driver's executable, which is installed under the drivers' names.</summary>
    public const string Driver = "flexvolume";

    // Executables beside the plugins that are not plugins.
    private static readonly string[] others = [Driver, "installer", "coordinator"];
    private static readonly string[] ipam = ["host-local", "static", "dhcp"];
    private static readonly string[] delegating = ["bridge", "ptp", "macvlan", "ipvlan", "vlan", "host-device", "sriov", "flannel"];

    /// <summary>
    /// In the order that breaks nothing: what a plugin executes comes before it, so that a new one never finds less than it was built with.
    /// (Any mix of versions works: a delegate of another build is executed as the specification has it.)
    /// </summary>
    public static IReadOnlyList<string> InOrder(IEnumerable<string> names) =>
        [.. names.Distinct(StringComparer.Ordinal).OrderBy(RankOf).ThenBy(static name => name, StringComparer.Ordinal)];

    /// <summary>All plugins in a directory.</summary>
    /// <exception cref="InstallException">The directory has no plugin.</exception>
    public static IReadOnlyList<string> FindAll(string directory)
    {
        using var found =
            FileDirectory.Find(directory)
            ?? throw new InstallException($"{directory} does not exist", "give the directory of the executables with --from");
        var names = found.ReadNames().FindAll(name => IsPluginName(name) && Array.IndexOf(others, name) < 0 && IsExecutable(found, name));
        return names.Count > 0
            ? InOrder(names)
            : throw new InstallException($"{directory} contains no executables", "give the directory of the executables with --from");
    }

    /// <summary>True for an executable that lies beside the plugins and is not one.</summary>
    public static bool IsOther(string name) => Array.IndexOf(others, name) >= 0;

    /// <summary>True for what may be a plugin's name: no path, no hidden file.</summary>
    public static bool IsPluginName(string name) =>
        name.Length > 0
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static bool IsExecutable(FileDirectory directory, string name)
    {
        using var file = directory.FindRegular(name);
        return file is not null && ElfFile.Find(file) is { IsExecutable: true };
    }

    private static int RankOf(string name) =>
        Array.IndexOf(ipam, name) >= 0 ? 0
        : Array.IndexOf(delegating, name) >= 0 ? 2
        : 1;
}
