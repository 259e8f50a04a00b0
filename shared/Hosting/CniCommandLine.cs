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
        var validate = new System.CommandLine.Command("validate", "Read a network config from standard input and tell what is wrong with it, and where.");
        validate.SetAction(_ => Validate(plugin, readInput, output));
        var root = new RootCommand($"The CNI plugin {plugin.Name}. A container runtime calls it with CNI_COMMAND set; these commands are for people.") { validate };
        for (var i = 0; i < root.Options.Count; i++)
        {
            if (root.Options[i] is VersionOption version)
                version.Action = new VersionAction(plugin, output);
        }

        return root.Parse(args).Invoke(new InvocationConfiguration { Output = output, Error = output });
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

    private sealed class VersionAction(CniPlugin plugin, TextWriter output) : System.CommandLine.Invocation.SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            output.WriteLine(CniAbout.Text(plugin));
            return 0;
        }
    }
}
