namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>Where executables are: ours, as published, and the reference's, as its Debian package installs them.</summary>
internal static class PluginDirectory
{
    /// <summary>artifacts/bin, or what PLUGBOARD_BIN says.</summary>
    public static string Ours { get; } = Environment.GetEnvironmentVariable("PLUGBOARD_BIN") is { Length: > 0 } given ? given : Path.Combine(Root, "artifacts/bin");

    /// <summary>The package containernetworking-plugins.</summary>
    public static string Reference => "/usr/lib/cni";

    /// <summary>The top of the source tree.</summary>
    public static string Root
    {
        get
        {
            var directory = new DirectoryInfo(AppContext.BaseDirectory);
            while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Plugins.sln")))
                directory = directory.Parent;
            return directory?.FullName ?? throw new InvalidOperationException("the tests run inside the source tree");
        }
    }
}
