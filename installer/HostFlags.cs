using System.CommandLine;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Installer;

/// <summary>The flags that all verbs have.</summary>
internal sealed class HostFlags
{
    private readonly Option<string> hostRoot = new("--host-root")
    {
        Description = "The mount point of the host's root directory; symbolic links resolve within it",
        HelpName = "DIR",
        DefaultValueFactory = static _ => "/",
    };
    private readonly Option<string> binDirectory = new("--bin-dir")
    {
        Description = "The runtime's plugin directory on the host; auto: the one that its configuration names",
        HelpName = "DIR",
        DefaultValueFactory = static _ => HostOptions.DefaultBinDirectory,
    };
    private readonly Option<string?> plugins = new("--plugins")
    {
        Description = "Plugins, separated by commas; all, or none [default: all]",
        HelpName = "NAMES",
    };
    private readonly Option<string?> flexVolumeDirectory = new("--flexvolume-dir")
    {
        Description = $"kubelet's driver directory on the host [default: {HostOptions.DefaultFlexVolumeDirectory}]",
        HelpName = "DIR",
    };
    private readonly Option<string?> drivers = new("--flexvolume")
    {
        Description =
            "Drivers, separated by commas: vendor/local, vendor/nfs, k8s/nfs… " + "[default: none for install, else those installed]",
        HelpName = "NAMES",
    };
    private readonly Option<int> patience = new("--lock-timeout")
    {
        Description = "Seconds to wait for another installer",
        HelpName = "SECONDS",
        DefaultValueFactory = static _ => 60,
    };
    private readonly Option<string> output = new("--output", "-o")
    {
        Description = "table or json",
        HelpName = "FORMAT",
        DefaultValueFactory = static _ => "table",
    };

    public HostFlags()
    {
        output.AcceptOnlyFromAmong("table", "json");
        binDirectory.Validators.Add(static result =>
            CommandLine.Require(
                result.GetValueOrDefault<string>()?.Contains(',', StringComparison.Ordinal) != true,
                result,
                "--bin-dir takes one directory; for two run the command for each"
            )
        );
        binDirectory.Validators.Add(static result =>
            CommandLine.Require(
                result.GetValueOrDefault<string>() is RuntimeDirectory.Auto || IsAbsolute(result.GetValueOrDefault<string>()),
                result,
                "--bin-dir takes a path on the host, which begins with a slash, or auto"
            )
        );
        flexVolumeDirectory.Validators.Add(static result =>
            CommandLine.Require(
                IsAbsolute(result.GetValueOrDefault<string?>()),
                result,
                "--flexvolume-dir takes a path on the host, which begins with a slash"
            )
        );
        plugins.Validators.Add(static result =>
            CommandLine.Require(
                Words(result.GetValueOrDefault<string?>()).All(PluginSet.IsPluginName),
                result,
                "--plugins takes names of plugins, separated by commas"
            )
        );
        // A variable of a manifest that has no value would install nothing, and succeed.
        foreach (var (option, instead) in ((Option<string?>, string)[])[(plugins, "all or none"), (drivers, "no flag for none")])
        {
            option.Validators.Add(result =>
                CommandLine.Require(
                    result.GetValueOrDefault<string?>() is null || Words(result.GetValueOrDefault<string?>()).Count > 0,
                    result,
                    $"{option.Name} names nothing; write {instead}"
                )
            );
        }

        drivers.Validators.Add(static result =>
            CommandLine.Require(
                Words(result.GetValueOrDefault<string?>()).All(static word => DriverName.Find(word) is not null),
                result,
                "--flexvolume takes vendor/driver, separated by commas"
            )
        );
        patience.Validators.Add(static result => CommandLine.RequireSeconds(result, 0));
    }

    // Below --host-root there is no working directory that a path could begin at.
    private static bool IsAbsolute(string? path) => path is null || path.StartsWith('/');

    /// <summary>Gives a verb these flags.</summary>
    public Command AddTo(Command command)
    {
        foreach (var option in (Option[])[hostRoot, binDirectory, plugins, flexVolumeDirectory, drivers, patience, output])
            command.Add(option);
        return command;
    }

    /// <summary>What they say, for a verb about what is installed: without <c>--bin-dir</c> its directory is where that is.</summary>
    public HostOptions ReadInstalled(ParseResult result) =>
        result.GetResult(binDirectory) is null or { Implicit: true }
            ? Read(result) with
            {
                BinDirectory = RuntimeDirectory.ChooseInstalled(result.GetValue(hostRoot)!),
            }
            : Read(result);

    /// <summary>What they say.</summary>
    public HostOptions Read(ParseResult result) =>
        new()
        {
            Root = result.GetValue(hostRoot)!,
            BinDirectory =
                result.GetValue(binDirectory) is RuntimeDirectory.Auto
                    ? RuntimeDirectory.Choose(result.GetValue(hostRoot)!)
                    : Plain(result.GetValue(binDirectory)!),
            Plugins = result.GetValue(plugins) switch
            {
                null or "all" => null,
                "none" => [],
                var names => Words(names),
            },
            FlexVolumeDirectory = result.GetValue(flexVolumeDirectory) is { } directory ? Plain(directory) : null,
            Drivers = [.. Words(result.GetValue(drivers)).Select(static word => DriverName.Find(word)!).Distinct()],
            Patience = TimeSpan.FromSeconds(result.GetValue(patience)),
            IsJson = result.GetValue(output) == "json",
        };

    // A slash behind it would be in every path that is reported.
    private static string Plain(string path) => path.TrimEnd('/') is { Length: > 0 } plain ? plain : path;

    internal static List<string> Words(string? text) =>
        [.. (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
}
