using Plugboard.Linux;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>Where executables are: ours, as published, and the reference's, as its Debian package installs them.</summary>
internal static class PluginDirectory
{
    /// <summary>artifacts/bin, or what PLUGBOARD_BIN says.</summary>
    public static string Ours { get; } =
        Environment.GetEnvironmentVariable("PLUGBOARD_BIN") is { Length: > 0 } given ? given : Path.Combine(Root, "artifacts/bin");

    /// <summary>The same for arm64.</summary>
    public static string Arm64 => Ours.TrimEnd('/') + "-arm64";

    /// <summary>What the scripts in deploy/ take: each architecture with its executables.</summary>
    public static string[] Architectures => [$"amd64={Ours}", $"arm64={Arm64}"];

    /// <summary>The package containernetworking-plugins.</summary>
    public static string Reference => "/usr/lib/cni";

    /// <summary>Makes a directory of links to our executables, with <paramref name="plugin"/> being what the test says.</summary>
    /// <param name="directory">Where; it is made.</param>
    /// <param name="plugin">A plugin's name, such as host-local.</param>
    /// <param name="source">The executable, which is copied; null: absent.</param>
    /// <param name="bridge">The directory whose bridge it is; ours where it is not given.</param>
    public static string With(string directory, string plugin, byte[]? source, string? bridge = null)
    {
        Directory.CreateDirectory(directory);
        File.CreateSymbolicLink(Path.Combine(directory, "bridge"), Path.Combine(bridge ?? Ours, "bridge"));
        if (source is null)
            return directory;
        var path = Path.Combine(directory, plugin);
        // The copy brings the mode of an executable along.
        File.Copy(Path.Combine(Ours, "host-local"), path);
        File.WriteAllBytes(path, source);
        return directory;
    }

    /// <summary>The bytes of our host-local as those of another build: one byte of its build id is changed.</summary>
    public static byte[] HostLocalOfAnotherBuild()
    {
        var path = Path.Combine(Ours, "host-local");
        var bytes = File.ReadAllBytes(path);
        var id = BuildId.Find(path) ?? throw new InvalidOperationException($"{path} has no build id");
        bytes[bytes.AsSpan().IndexOf(id)] ^= 0xff;
        return bytes;
    }

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
