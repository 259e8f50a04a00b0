using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.FlexVolume;

/// <summary>The command line for people. kubelet's calls never come here: they have other names.</summary>
internal static class People
{
    /// <summary>True for a person's command.</summary>
    public static bool IsCommand(string word) => word is "--help" or "-h" or "help" or "--version" or "version";

    /// <summary>Runs a command.</summary>
    public static int Run(DriverName? name, string[] args)
    {
        var (text, exitCode) = args switch
        {
            ["--version" or "version"] => (Version + "\n", 0),
            ["--help" or "-h" or "help"] => (Help, 0),
            _ => (Help, 2),
        };
        using var output = FileDescriptor.StandardOutput();
        try
        {
            output.Write(Encoding.UTF8.GetBytes(text));
            return exitCode;
        }
        catch (ErrnoException)
        {
            return 1;
        }
    }

    private static string Version => $"flexvolume {typeof(People).Assembly.GetName().Version?.ToString(3)}";

    private static string Help => "flexvolume\n";
}
