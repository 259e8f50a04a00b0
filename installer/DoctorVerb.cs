using System.CommandLine;
using Plugboard.Doctor;
using Plugboard.Linux.Files;
using Command = System.CommandLine.Command;

namespace Plugboard.Installer;

/// <summary>The verb <c>doctor</c>: what is wrong with a node.</summary>
internal static class DoctorVerb
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var defaults = new DoctorOptions();
        var hostRoot = new Option<string>("--host-root")
        {
            Description = "The mount point of the host's root directory",
            HelpName = "DIR",
            DefaultValueFactory = _ => defaults.HostRoot,
        };
        var bin = new Option<string>("--bin-dir")
        {
            Description = "The runtime's plugin directories, separated by commas; auto: those of its configuration",
            HelpName = "DIRS",
            DefaultValueFactory = static _ => RuntimeDirectory.Auto,
        };
        var conf = new Option<string>("--conf-dir")
        {
            Description = "The runtime's directory of network configs; auto: that of its configuration",
            HelpName = "DIR",
            DefaultValueFactory = static _ => RuntimeDirectory.Auto,
        };
        var fix = new Option<bool>("--fix")
        {
            Description = "Makes the safe repairs, prints each first, and undoes those that did not help",
        };
        var output = new Option<string>("--output", "-o")
        {
            Description = "table or json",
            HelpName = "FORMAT",
            DefaultValueFactory = static _ => "table",
        };
        output.AcceptOnlyFromAmong("table", "json");
        var command = new Command(
            "doctor",
            "Prints what is wrong with this node, each finding with its remedy; changes nothing without --fix. Exit code 1 if "
                + "there is a finding."
        )
        {
            hostRoot,
            bin,
            conf,
            fix,
            output,
        };
        command.SetAction(result =>
            CommandLine.Guard(() =>
            {
                var options = defaults with
                {
                    HostRoot = result.GetValue(hostRoot)!,
                    BinDirectories = result.GetValue(bin) is RuntimeDirectory.Auto ? null : HostFlags.Words(result.GetValue(bin)),
                    ConfDirectory = result.GetValue(conf) is RuntimeDirectory.Auto ? null : result.GetValue(conf),
                    Fix = result.GetValue(fix),
                    IsJson = result.GetValue(output) == "json",
                };
                return new DoctorRun(options, TimeProvider.System).Run(CommandLine.Print, StandardError.WriteLine);
            })
        );
        return command;
    }
}
