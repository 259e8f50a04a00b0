using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting;

/// <summary>What an executable prints if called without CNI_COMMAND and without arguments.</summary>
internal static class CniAbout
{
    /// <summary>The product's version.</summary>
    public static string ProductVersion => typeof(CniAbout).Assembly.GetName().Version?.ToString(3) ?? "unknown";

    /// <summary>The reference's two lines.</summary>
    public static string Text(CniPlugin plugin) =>
        $"CNI {plugin.Name} plugin version {ProductVersion}\nCNI protocol versions supported: {string.Join(", ", CniVersions.All)}";

    /// <summary>Prints them on standard error, with a hint for a person at a terminal. The exit code is 0.</summary>
    public static int Print(CniPlugin plugin)
    {
        StandardError.WriteLine(Text(plugin));
        using var input = FileDescriptor.StandardInput();
        using var error = FileDescriptor.StandardError();
        if (input.IsTerminal && error.IsTerminal)
            StandardError.WriteLine($"A container runtime calls this executable; {plugin.Name} --help lists its other commands.");
        return 0;
    }
}
