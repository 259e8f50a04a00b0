using System.CommandLine;
using System.CommandLine.Parsing;
using Plugboard.Install;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Command = System.CommandLine.Command;

namespace Plugboard.Installer;

/// <summary>
/// The verbs and what becomes of them: exit code 0, 1 where something is wrong, 2 where the arguments are, 3 where another installer is at
/// work.
/// </summary>
internal static class CommandLine
{
    private const int Wrong = 1;
    private const int UsageError = 2;
    private const int Busy = 3;

    /// <summary>Runs the verb of a command line.</summary>
    public static int Run(string[] args)
    {
        var root = new RootCommand(
            "Installs Plugboard's executables on a host: CNI plugins for its container runtime, and the FlexVolume driver for its kubelet. "
                + "Exit codes: 0 done; 1 refused, or not as it should be; 2 wrong arguments; 3 another installer is at work."
        );
        var flags = new HostFlags();
        root.Add(Install(flags));
        root.Add(RollBack(flags));
        root.Add(Uninstall(flags));
        root.Add(Status(flags));
        root.Add(DoctorVerb.Create());
        root.Add(FlexVolumeVerb.Create());
        var parsed = root.Parse(args);
        if (parsed.Errors.Count == 0)
            return parsed.Invoke();
        StandardError.WriteLine($"installer: {Describe(parsed)}");
        return UsageError;
    }

    // One line, without the types that System.CommandLine names.
    private static string Describe(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = command is RootCommand ? "installer" : $"installer {PathOf(command)}";
        if (command.Subcommands.Count > 0)
        {
            var verbs = command.Subcommands.Select(static verb => verb.Name).ToList();
            var given = parsed.UnmatchedTokens.Count == 0 ? null : parsed.UnmatchedTokens[0];
            return (given is null ? "no verb is given" : $"unknown verb {given}{Spelling.Hint(given, verbs)}")
                + $"; one of {string.Join(", ", verbs)}; {path} --help describes them";
        }

        if (parsed.UnmatchedTokens.FirstOrDefault(static token => token.StartsWith('-')) is { } flag)
        {
            var hint = Spelling.Hint(flag, command.Options.Select(static option => option.Name));
            return $"unknown flag {flag}{hint}; {path} --help lists them";
        }

        // System.CommandLine's message about a value that it cannot convert names a type; the option's validator has a better one.
        var messages = parsed.Errors.Select(static error => error.Message).ToList();
        var message = messages.Find(static each => !each.Contains("System.", StringComparison.Ordinal)) ?? messages[0];
        var words = message.TrimEnd('.').Split((char[])['\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return $"{string.Join(' ', words)}; {path} --help lists the flags";
    }

    private static string PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent and not RootCommand
            ? $"{PathOf(parent)} {command.Name}"
            : command.Name;

    private static Command Install(HostFlags flags)
    {
        var from = new Option<string?>("--from")
        {
            Description = "Directory of the executables [default: the installer's own]",
            HelpName = "DIR",
        };
        var wait = new Option<bool>("--wait")
        {
            Description = "Stay, and repair files that other programs overwrite or delete, until SIGTERM",
        };
        var audit = new Option<int>("--audit")
        {
            Description = "With --wait: seconds between two audits of all files",
            HelpName = "SECONDS",
            DefaultValueFactory = static _ => 300,
        };
        audit.Validators.Add(static result => RequireSeconds(result, 1));
        var command = flags.AddTo(
            new Command("install", "Copies, verifies and installs missing executables; keeps what it replaces.") { from, wait, audit }
        );
        command.SetAction(result =>
            Guard(() =>
            {
                using var end = result.GetValue(wait) ? EndSignals.Block() : null;
                var options = new InstallOptions(flags.Read(result), result.GetValue(from) ?? OwnDirectory())
                {
                    Wait = result.GetValue(wait),
                    Audit = TimeSpan.FromSeconds(result.GetValue(audit)),
                };
                RequireRoot();
                var installation = new Installation(options, TimeProvider.System);
                Print(Report.OfRun(installation.Run(), options.Host.IsJson));
                RuntimeDirectory.WarnIfUnused(options.Host, installation.Plugins);
                if (end is null)
                    return 0;
                using var loop = RepairLoop.Create(options, installation.Plugins, TimeProvider.System);
                loop.Run(end);
                return 0;
            })
        );
        return command;
    }

    private static Command RollBack(HostFlags flags)
    {
        var command = flags.AddTo(
            new Command("rollback", "Restores the files from before the last install; a second rollback restores that install.")
        );
        command.SetAction(result =>
            Guard(() =>
            {
                RequireRoot();
                var host = flags.ReadInstalled(result);
                var files = new RollbackVerb(host, TimeProvider.System).RollBack();
                Print(Report.OfRun(files, host.IsJson));
                RulesLeft.Warn(host, files);
                return 0;
            })
        );
        return command;
    }

    private static Command Uninstall(HostFlags flags)
    {
        var restore = new Option<bool>("--restore") { Description = "Restore the files that other programs had installed before" };
        var force = new Option<bool>("--force") { Description = "Also drivers whose volumes are mounted" };
        var command = flags.AddTo(new Command("uninstall", "Removes our files and no others.") { restore, force });
        command.SetAction(result =>
            Guard(() =>
            {
                RequireRoot();
                var host = flags.ReadInstalled(result);
                var files = new RollbackVerb(host, TimeProvider.System).Uninstall(result.GetValue(restore), result.GetValue(force));
                var exitCode = Judge(files, host, Report.OfRun);
                RulesLeft.Warn(host, files);
                return exitCode;
            })
        );
        return command;
    }

    private static Command Status(HostFlags flags)
    {
        var command = flags.AddTo(
            new Command(
                "status",
                "Prints for each file whether it is ours, foreign, missing, or differs from the installed one; changes nothing."
            )
        );
        command.SetAction(result =>
            Guard(() =>
            {
                var host = flags.ReadInstalled(result);
                return Judge(new StatusQuery(host).Run(), host, Report.OfStatus);
            })
        );
        return command;
    }

    private static int Judge(IReadOnlyList<FileReport> files, HostOptions host, Func<IReadOnlyList<FileReport>, bool, string> format)
    {
        Print(format(files, host.IsJson));
        return files.All(static file => file.IsGood) ? 0 : Wrong;
    }

    internal static int Guard(Func<int> verb)
    {
        try
        {
            return verb();
        }
        catch (InstallException e)
        {
            StandardError.WriteLine($"installer: {e.Message}");
            return e.IsBusy ? Busy : Wrong;
        }
        catch (ErrnoException e)
        {
            StandardError.WriteLine($"installer: {e.Message}");
            return Wrong;
        }
    }

    private static void RequireRoot()
    {
        if (!OwnProcess.IsRoot)
            throw new InstallException(
                "not root",
                "run it as root (in a pod: securityContext.runAsUser: 0): runtimes and kubelet execute these files as root, so "
                    + "no other user may write them"
            );
    }

    internal static void Print(string text)
    {
        using var output = FileDescriptor.StandardOutput();
        output.Write(System.Text.Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Requires that an option's value is a whole number of seconds, at most a day.</summary>
    internal static void RequireSeconds(OptionResult result, int least) =>
        Require(
            result.Tokens is not [var text, ..]
                || (
                    int.TryParse(text.Value, System.Globalization.CultureInfo.InvariantCulture, out var seconds)
                    && seconds >= least
                    && seconds <= 86400
                ),
            result,
            $"{result.Option.Name} takes {least} to 86400 seconds"
        );

    internal static void Require(bool isRight, System.CommandLine.Parsing.SymbolResult result, string message)
    {
        if (!isRight)
            result.AddError(message);
    }

    private static string OwnDirectory() => Path.GetDirectoryName(Environment.ProcessPath) ?? "/";
}
