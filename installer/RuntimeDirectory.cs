using Plugboard.Linux.Files;
using Plugboard.Runtimes;

namespace Plugboard.Installer;

/// <summary>The plugin directory that the host's container runtime uses, and the messages about it, on stderr.</summary>
internal static class RuntimeDirectory
{
    /// <summary>The word for the runtime's own directories.</summary>
    public const string Auto = "auto";

    /// <summary>
    /// The first directory in which the runtime looks for plugins and that exists; else the first. The default if no runtime was found.
    /// </summary>
    /// <param name="root">Where the host's root is seen.</param>
    public static string Choose(string root)
    {
        if (RuntimeFinder.Find(root) is not { } paths)
        {
            Say($"no container runtime's configuration was found below {root}: using {HostOptions.DefaultBinDirectory}");
            return HostOptions.DefaultBinDirectory;
        }

        foreach (var problem in paths.Problems)
            Say($"warning: {problem}");
        using var host = new HostOptions { Root = root }.OpenRoot();
        var directory = paths.BinDirectories.FirstOrDefault(path => FindStatus(host, path) is not null) ?? paths.BinDirectories[0];
        Say($"using {directory}: the runtime looks into {paths.Describe()}");
        return directory;
    }

    /// <summary>
    /// The default if files were installed there; else the first of the runtime's directories that has installed files; else the default.
    /// </summary>
    /// <param name="root">Where the host's root is seen.</param>
    public static string ChooseInstalled(string root)
    {
        using var host = new HostOptions { Root = root }.OpenRoot();
        if (
            Places.HasState(host, HostOptions.DefaultBinDirectory)
            || RuntimeFinder.Find(root)?.BinDirectories.FirstOrDefault(path => Places.HasState(host, path)) is not { } directory
        )
            return HostOptions.DefaultBinDirectory;
        Say($"using {directory}: the installed files are there, and none in {HostOptions.DefaultBinDirectory}");
        return directory;
    }

    /// <summary>Warns if the runtime does not execute what was installed: it looks elsewhere, or elsewhere first.</summary>
    /// <param name="host">Where it was installed.</param>
    /// <param name="plugins">The installed plugins.</param>
    public static void WarnIfUnused(HostOptions host, IReadOnlyList<string> plugins)
    {
        if (plugins.Count > 0 && RuntimeFinder.Find(host.Root) is { } paths && FindWarning(host, plugins, paths) is { } warning)
            Say($"warning: {warning}");
    }

    private static string? FindWarning(HostOptions host, IReadOnlyList<string> plugins, RuntimePaths paths)
    {
        using var root = host.OpenRoot();
        var own = FindStatus(root, host.BinDirectory);
        foreach (var path in paths.BinDirectories)
        {
            using var directory = root.TryOpen(path, out _);
            if (directory is null)
                continue;
            if (own is { } used && directory.Status().IsSameFile(used))
                return null;
            if (plugins.Where(plugin => directory.FindStatus(plugin) is not null).ToList() is { Count: > 0 } hiding)
                return $"{paths.Runtime} executes {string.Join(", ", hiding)} of {path}, not those of {host.BinDirectory}: it looks into "
                    + $"{paths.Describe()}. {Remedy}";
        }

        return $"{paths.Runtime} does not look into {host.BinDirectory}, but into {paths.Describe()}: new pods fail. {Remedy}";
    }

    private const string Remedy = "Install with --bin-dir auto, or change the runtime's configuration";

    private static FileStatus? FindStatus(RootedDirectory root, string path)
    {
        using var directory = root.TryOpen(path, out _);
        return directory?.Status();
    }

    private static void Say(string text) => StandardError.WriteLine($"installer: {text}");
}
