using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes.Options;

namespace Plugboard.FlexVolume;

/// <summary>The command line for people. kubelet's calls never come here: they have other names.</summary>
internal static class People
{
    private const int UsageError = 2;
    private const int LongestMessage = 4000;
    private static readonly string[] commands =
    [
        "install",
        "verify",
        "uninstall",
        "check",
        "list",
        "gc",
        "convert",
        "--help",
        "-h",
        "help",
        "--version",
        "version",
    ];

    /// <summary>True for a person's command.</summary>
    public static bool IsCommand(string word) => Array.IndexOf(commands, word) >= 0;

    /// <summary>Runs a command: 0, 1 where what it found is not well, 2 where the arguments are wrong.</summary>
    public static int Run(DriverName? name, string[] args)
    {
        var (text, exitCode) = Serve(name, args);
        using var output = FileDescriptor.StandardOutput();
        try
        {
            output.Write(Encoding.UTF8.GetBytes(text));
            if (exitCode == 0 && args is ["install", ..] && args.Contains("--wait"))
                WaitForEnd();
            return exitCode;
        }
        catch (ErrnoException e)
        {
            StandardError.WriteLine(e.Message);
            return 1;
        }
    }

    private static void WaitForEnd()
    {
        using var end = EndSignals.Block();
        end.Wait();
    }

    private static (string Text, int ExitCode) Serve(DriverName? name, string[] args)
    {
        try
        {
            return args switch
            {
                ["--version" or "version"] => ($"flexvolume {typeof(People).Assembly.GetName().Version?.ToString(3)}\n", 0),
                ["--help" or "-h" or "help"] => (Help, 0),
                ["install", .. var rest] => Install(Arguments.Parse(rest, ["--plugin-dir", "--name"], ["--wait"])),
                ["uninstall", .. var rest] => Uninstall(Arguments.Parse(rest, ["--plugin-dir", "--name"], ["--force"])),
                ["verify", .. var rest] => Verify(Arguments.Parse(rest, ["--plugin-dir", "--name"], [])),
                ["check", .. var rest] => Check(name, Arguments.Parse(rest, ["--driver", "--namespace"], [])),
                ["list"] => Judged(MountList.Print(MountTable.Read())),
                ["gc", .. var rest] => Collect(Arguments.Parse(rest, ["--kubelet-dir", "--cgroup-dir"], ["--dry-run"])),
                ["convert", var file] => Judged(Converter.Convert(ReadText(file))),
                _ => ($"unknown arguments: {ShortText.Of(string.Join(' ', args))}\n\n{Help}", UsageError),
            };
        }
        catch (Exception e) when (e is FlexException or ErrnoException or Volumes.VolumeException)
        {
            return ($"flexvolume: {(e.Message.Length <= LongestMessage ? e.Message : e.Message[..LongestMessage] + "…")}\n", 1);
        }
    }

    private static (string Text, int ExitCode) Install(Arguments arguments) =>
        (Installer.Install(arguments.Get("--plugin-dir"), arguments.Drivers()), 0);

    private static (string Text, int ExitCode) Uninstall(Arguments arguments) =>
        (Installer.Uninstall(arguments.Get("--plugin-dir"), arguments.Drivers(), arguments.Has("--force")), 0);

    private static (string Text, int ExitCode) Verify(Arguments arguments) =>
        Judged(Installer.Verify(arguments.Get("--plugin-dir"), arguments.Drivers()));

    private static (string Text, int ExitCode) Check(DriverName? name, Arguments arguments)
    {
        var driver = arguments.Find("--driver") is { } text
            ? Arguments.DriverOf(text)
            : name ?? throw new FlexException("--driver vendor/driver is missing");
        return arguments.Others is [var json]
            ? Judged(Checker.Check(driver, json, arguments.Find("--namespace")))
            : throw new FlexException("check wants the options as one argument, such as '{\"path\":\"data\"}'");
    }

    private static (string Text, int ExitCode) Collect(Arguments arguments) =>
        (
            new Collector(
                arguments.Find("--kubelet-dir") ?? "/var/lib/kubelet",
                arguments.Find("--cgroup-dir") ?? "/sys/fs/cgroup",
                arguments.Has("--dry-run")
            ).Collect(),
            0
        );

    private static (string Text, int ExitCode) Judged((string Text, bool IsGood) found) => (found.Text, found.IsGood ? 0 : 1);

    private static string ReadText(string file)
    {
        using var input = file == "-" ? FileDescriptor.StandardInput() : FileDescriptor.OpenCommandLineFile(file);
        return Encoding.UTF8.GetString(input.ReadToEnd(128 << 20));
    }

    private const string Help = """
        A FlexVolume driver: kubelet calls it under a driver's name. These commands are for people.

        Usage:
          flexvolume install --plugin-dir D --name vendor/driver… [--wait]   puts itself there, new or in place of an older one
          flexvolume verify --plugin-dir D --name vendor/driver…             runs init as kubelet does and looks at the answer
          flexvolume uninstall --plugin-dir D --name vendor/driver… [--force]
          flexvolume check --driver vendor/driver [--namespace N] '{"option":"value"}'
                                                                             what a mount would do, and whether its server is there
          flexvolume list                                                    volumes that are mounted, and how they are
          flexvolume gc [--kubelet-dir K] [--cgroup-dir C] [--dry-run]       mounts, loop devices and files of pods that are gone
          flexvolume convert pv.yaml                                         CSI instead of FlexVolume: volumes, claims, steps

        Drivers: any vendor with local, loop, tmpfs, nfs, cifs or uds; and in place of the drivers of these names:
        k8s/nfs, alicloud/nas, fstab/cifs, juliohm/cifs, microsoft.com/smb,
        ramax.com/local-storage, kvaps/loop, nodeagent/uds.

        """;
}
