using System.Text;
using Plugboard.Drivers;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Volumes.Options;

namespace Plugboard.FlexVolume;

/// <summary>
/// The command line for people: what this executable is, and where its commands went. Where the installer is beside it, as in the image,
/// the installer serves those that only moved. kubelet's calls never come here: they have other names.
/// </summary>
internal static class CommandLine
{
    private const int UsageError = 2;
    private static readonly string[] own = ["--help", "-h", "help", "--version", "version"];

    // Commands that this executable had: those that the installer has by the same name and flags, and those that have others now.
    private static readonly string[] moved = ["verify", "check", "list", "gc", "convert"];
    private static readonly string[] replaced = ["install", "uninstall"];

    /// <summary>True for a person's command.</summary>
    public static bool IsCommand(string word) =>
        Array.IndexOf(own, word) >= 0 || Array.IndexOf(moved, word) >= 0 || Array.IndexOf(replaced, word) >= 0;

    /// <summary>Answers a person: 0, or 2 if the arguments are wrong.</summary>
    public static int Run(string[] args)
    {
        if (args is [var old, ..] && Array.IndexOf(replaced, old) >= 0)
        {
            StandardError.WriteLine($"flexvolume: '{old}' is now 'installer {old} --plugins none --flexvolume'");
            return UsageError;
        }

        if (args is [var word, ..] && Array.IndexOf(moved, word) >= 0)
            return HandOver(word, args);
        return args switch
        {
            ["--version" or "version"] => Print($"flexvolume {typeof(CommandLine).Assembly.GetName().Version?.ToString(3)}\n", 0),
            ["--help" or "-h" or "help"] => Print(Help, 0),
            _ => Print(
                $"flexvolume: unknown arguments: {ShortText.Of(string.Join(' ', args))}; flexvolume --help lists them\n",
                UsageError
            ),
        };
    }

    private static int HandOver(string word, string[] args)
    {
        StandardError.WriteLine($"flexvolume: '{word}' is now 'installer flexvolume {word}'");
        try
        {
            OwnProcess.Become(Path.Combine(Path.GetDirectoryName(Environment.ProcessPath) ?? "/", "installer"), ["flexvolume", .. args]);
        }
        catch (ErrnoException e) when (e.Errno is Errno.ENOENT)
        {
            // Not beside it, as in a driver's directory: what was written says all.
        }
        catch (ErrnoException e)
        {
            StandardError.WriteLine(e.Message);
        }

        return UsageError;
    }

    private static int Print(string text, int exitCode)
    {
        using var output = FileDescriptor.StandardOutput();
        try
        {
            output.Write(Encoding.UTF8.GetBytes(text));
            return exitCode;
        }
        catch (ErrnoException e)
        {
            StandardError.WriteLine(e.Message);
            return 1;
        }
    }

    private static string Help =>
        $"""
            A FlexVolume driver. kubelet runs it as <plugin directory>/<vendor>~<driver>/<driver>, with the call as its arguments.

            Usage:
              flexvolume --help       this text
              flexvolume --version    the version

            For people: `installer install --plugins none --flexvolume vendor/driver` installs it under drivers' names, and
            `installer flexvolume` has verify, check, list, gc and convert.

            Drivers: any vendor with local, loop, tmpfs, nfs, cifs or uds; and in place of the drivers of these names:
            {Dialect.ForeignNames}.

            """;
}
