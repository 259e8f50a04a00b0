using System.CommandLine;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting;

/// <summary>The command line for people: help, version, and the validation of a config. A CNI call never comes here.</summary>
internal static class CniCommandLine
{
    /// <summary>Runs it on the process's streams.</summary>
    public static int Run(CniPlugin plugin, string[] args)
    {
        using var output = new StringWriter();
        var exitCode = Run(plugin, args, CniProcess.ReadInput, output);
        using var file = FileDescriptor.StandardOutput();
        try
        {
            file.Write(Encoding.UTF8.GetBytes(output.ToString()));
            return exitCode;
        }
        catch (ErrnoException e)
        {
            StandardError.WriteLine(e.Message);
            return 1;
        }
    }

    /// <summary>Runs it on given streams.</summary>
    public static int Run(CniPlugin plugin, string[] args, Func<byte[]> readInput, TextWriter output)
    {
        var validate = new System.CommandLine.Command("validate", "reads a network config from standard input and tells what is wrong with it, and where");
        var help = new Option<bool>("--help", "-h") { Description = "prints this", Recursive = true };
        var version = new Option<bool>("--version") { Description = "prints the versions of the plugin and of the CNI specification" };
        // Not a RootCommand with its actions: those double the executable's size.
        var root = new System.CommandLine.Command(plugin.Name) { validate, help, version };
        root.SetAction(_ => 0); // Without an action a command demands a subcommand.
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                output.WriteLine(error.Message);
            output.WriteLine($"{plugin.Name} --help tells what there is.");
            return 1;
        }

        if (parsed.CommandResult.Command == validate && !parsed.GetValue(help))
            return Validate(plugin, readInput, output);
        output.WriteLine(parsed.GetValue(version) ? CniAbout.Text(plugin) : Help(root));
        return 0;
    }

    private static string Help(System.CommandLine.Command root)
    {
        var text = new StringBuilder($"The CNI plugin {root.Name}. A container runtime calls it with CNI_COMMAND set; these are for people:\n");
        foreach (var command in root.Subcommands)
            text.Append($"\n  {root.Name} {command.Name}\n      {command.Description}");
        foreach (var option in root.Options)
            text.Append($"\n  {root.Name} {option.Name}\n      {option.Description}");
        return text.ToString();
    }

    private static int Validate(CniPlugin plugin, Func<byte[]> readInput, TextWriter output)
    {
        var findings = Find(plugin, readInput);
        foreach (var finding in findings)
            output.WriteLine(finding);
        return findings.Count == 0 ? 0 : 1;
    }

    private static IReadOnlyList<string> Find(CniPlugin plugin, Func<byte[]> readInput)
    {
        try
        {
            var input = readInput();
            var config = NetworkConfig.Parse(input);
            CniVersions.Require(CniVerb.Add, config.DecodeVersion());
            return plugin.Validate(new CniRequest
            {
                Verb = CniVerb.Status,
                StdinBytes = input,
                Config = config.Root,
                NetworkName = config.Name,
                CniVersion = config.DecodeVersion(),
            });
        }
        catch (Exception e)
        {
            var error = CniFailure.Describe(e, plugin);
            return [error.Details.Length == 0 ? error.Message : $"{error.Message} ({error.Details})"];
        }
    }
}
