using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting;

/// <summary>The command line for people: help, version, and the validation of a config. A CNI call never comes here.</summary>
internal static class CniCommandLine
{
    private const int UsageError = 2;

    /// <summary>Runs it on the process's streams.</summary>
    public static int Run(CniPlugin plugin, string[] args)
    {
        var (text, exitCode) = Run(plugin, args, CniProcess.ReadInput);
        using var file = FileDescriptor.StandardOutput();
        try
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            return exitCode;
        }
        catch (ErrnoException e)
        {
            StandardError.WriteLine(e.Message);
            return 1;
        }
    }

    /// <summary>What it prints, and the exit code: 0, 1 where a config is wrong, 2 where the arguments are.</summary>
    public static (string Text, int ExitCode) Run(CniPlugin plugin, string[] args, Func<byte[]> readInput) =>
        args switch
        {
            ["--help" or "-h" or "-?" or "help"] => (Help(plugin), 0),
            ["--version" or "version"] => (CniAbout.Text(plugin) + "\n", 0),
            ["validate"] => Validate(plugin, readInput),
            _ => ($"{plugin.Name}: unknown arguments: {string.Join(' ', args)}; {plugin.Name} --help lists the commands\n", UsageError),
        };

    private static string Help(CniPlugin plugin) =>
        $"""
            The CNI plugin {plugin.Name}. A container runtime calls it with CNI_COMMAND set; these commands are for people.

            Usage:
              {plugin.Name} validate < conf.json   reports errors in a network config, with positions; exit code 1 if there are any.
                                       Of a conflist it reads the plugins that are {plugin.Name}
              {plugin.Name} --version              prints the version, and the versions of the CNI protocol
              {plugin.Name} --help                 prints this text

            By hand, as a runtime calls it:
              CNI_COMMAND=ADD CNI_CONTAINERID=test CNI_NETNS=/run/netns/test CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin {plugin.Name} < conf.json
            With PLUGBOARD_TRACE=netlink it prints its netlink messages on stderr.

            """;

    private static (string Text, int ExitCode) Validate(CniPlugin plugin, Func<byte[]> readInput)
    {
        var findings = Find(plugin, readInput);
        return findings.Count == 0 ? ("The config is valid.\n", 0) : (string.Join('\n', findings) + "\n", 1);
    }

    private static IReadOnlyList<string> Find(CniPlugin plugin, Func<byte[]> readInput)
    {
        try
        {
            return ConfigValidation.Find(plugin, readInput());
        }
        catch (Exception e)
        {
            var error = CniFailure.Describe(e, plugin);
            return [error.Details.Length == 0 ? error.Message : $"{error.Message} ({error.Details})"];
        }
    }
}
