using System.CommandLine;
using Plugboard.Documents;
using Plugboard.Drivers;
using Plugboard.Installer.FlexVolume;
using Plugboard.Installer.FlexVolume.Conversion;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes;
using Command = System.CommandLine.Command;

namespace Plugboard.Installer;

/// <summary>The verb <c>flexvolume</c>: what a person asks of the driver and its volumes on this node.</summary>
internal static class FlexVolumeVerb
{
    private const int LongestManifest = 128 << 20;
    private const int LongestMessage = 4000;

    /// <summary>The command.</summary>
    public static Command Create() =>
        new("flexvolume", "Examines the FlexVolume driver and its volumes on this node; converts volumes to CSI.")
        {
            Verify(),
            Check(),
            List(),
            Collect(),
            Convert(),
        };

    private static Command Verify()
    {
        var directory = new Option<string>("--flexvolume-dir")
        {
            Description = "kubelet's driver directory",
            HelpName = "DIR",
            DefaultValueFactory = static _ => HostOptions.DefaultFlexVolumeDirectory,
        };
        var drivers = new Option<string>("--flexvolume")
        {
            Description = "Drivers, separated by commas: vendor/local, k8s/nfs…",
            HelpName = "NAMES",
            Required = true,
        };
        var command = new Command("verify", "Runs init of installed drivers as kubelet does, and examines the answers.")
        {
            directory,
            drivers,
        };
        command.SetAction(result =>
            Run(() => DriverCheck.Run(result.GetValue(directory)!, HostFlags.Words(result.GetValue(drivers)).ConvertAll(Dialect.GetName)))
        );
        return command;
    }

    private static Command Check()
    {
        var driver = new Option<string>("--driver")
        {
            Description = "The driver, as a pod names it",
            HelpName = "VENDOR/DRIVER",
            Required = true,
        };
        var space = new Option<string?>("--namespace")
        {
            Description = "The pod's namespace [default: as the options say, or default]",
            HelpName = "NAME",
        };
        var options = new Argument<string>("OPTIONS") { Description = "The volume's options, such as '{\"path\":\"data\"}'" };
        var command = new Command("check", "Prints what a mount would do, and whether its server answers; changes nothing.")
        {
            driver,
            space,
            options,
        };
        command.SetAction(result =>
            Run(() => Checker.Check(Dialect.GetName(result.GetValue(driver)!), result.GetValue(options)!, result.GetValue(space)))
        );
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "Prints the mounted volumes and their state. Exit code 1 if one is not ok.");
        command.SetAction(static _ => Run(static () => MountList.Print(MountTable.Read())));
        return command;
    }

    private static Command Collect()
    {
        var kubelet = new Option<string>("--kubelet-dir")
        {
            Description = "kubelet's directory",
            HelpName = "DIR",
            DefaultValueFactory = static _ => "/var/lib/kubelet",
        };
        var groups = new Option<string>("--cgroup-dir")
        {
            Description = "The directory of control groups, which shows the pods",
            HelpName = "DIR",
            DefaultValueFactory = static _ => "/sys/fs/cgroup",
        };
        var dry = new Option<bool>("--dry-run") { Description = "Only report" };
        var command = new Command("gc", "Removes mounts, loop devices and files of pods that are gone; no file of a volume.")
        {
            kubelet,
            groups,
            dry,
        };
        command.SetAction(result =>
            Run(() => (new Collector(result.GetValue(kubelet)!, result.GetValue(groups)!, result.GetValue(dry)).Collect(), true))
        );
        return command;
    }

    private static Command Convert()
    {
        var file = new Argument<string>("FILE") { Description = "PersistentVolumes as YAML or JSON; - for standard input" };
        var command = new Command("convert", "Prints what takes the place of FlexVolume PersistentVolumes: volumes, claims, steps.")
        {
            file,
        };
        command.SetAction(result => Run(() => ConvertFile(result.GetValue(file)!)));
        return command;
    }

    private static (string Text, bool IsGood) ConvertFile(string file)
    {
        using var input = file == "-" ? FileDescriptor.StandardInput() : FileDescriptor.OpenCommandLineFile(file);
        try
        {
            return Converter.Convert(input.ReadToEnd(LongestManifest));
        }
        catch (DocumentException e)
        {
            throw new FlexException(e.In(file));
        }
    }

    private static int Run(Func<(string Text, bool IsGood)> verb) =>
        CommandLine.Guard(() =>
        {
            try
            {
                var (text, isGood) = verb();
                CommandLine.Print(text);
                return isGood ? 0 : 1;
            }
            catch (Exception e) when (e is FlexException or VolumeException)
            {
                StandardError.WriteLine(
                    $"installer: {(e.Message.Length <= LongestMessage ? e.Message : e.Message[..LongestMessage] + "…")}"
                );
                return 1;
            }
        });
}
