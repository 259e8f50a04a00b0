using Plugboard.Drivers;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.FlexVolume;

/// <summary>
/// The driver as a process. kubelet reads standard output and standard error together, waits until all writers have closed them, and logs
/// all arguments, secrets too, if a failed call exits with anything but 0: so there is one JSON object in one write, nothing else, and 0.
/// </summary>
internal static class FlexProcess
{
    private const string WorkerArgument = "worker";

    /// <summary>Serves the one call of the command line, or a person's command.</summary>
    public static int Run(string[] args)
    {
        var name = Dialect.FindNameByPath(Environment.GetCommandLineArgs()[0]);
        if (args is [WorkerArgument])
            return Work();
        if (name is null || (args is [var word, ..] && CommandLine.IsCommand(word)))
            return CommandLine.Run(args);
        return Print(Answer(name, args));
    }

    private static byte[] Answer(DriverName name, string[] args)
    {
        try
        {
            // kubelet holds a lock over all its volumes meanwhile: nothing is opened, not even /dev/null.
            if (args is ["init", ..])
                return new Driver(name, Dialect.Find(name)!).Serve(FlexCall.Parse(["init"])).ToBytes();
            EraseSecrets(args);
            OwnProcess.Silence();
            OwnProcess.SetUmask();
            OwnProcess.OutliveFileSizeLimit();
            return Serve(name, args);
        }
        catch (Exception e)
        {
            return Driver.Describe(e).ToBytes();
        }
    }

    // kubelet can hand a Secret over only as an argument, and every user can read arguments during the call.
    private static void EraseSecrets(string[] args)
    {
        if (Array.Exists(args, static arg => arg.Contains("kubernetes.io/secret/", StringComparison.Ordinal)))
            OwnProcess.EraseArguments("kubernetes.io/secret/"u8);
    }

    private static byte[] Serve(DriverName name, string[] args)
    {
        var dialect = Dialect.Find(name)!;
        var call = Parse(args);
        return Watchdog.IsNeeded(dialect, call)
            ? new Watchdog(name, dialect).Serve(call, args)
            : new Driver(name, dialect).Serve(call).ToBytes();
    }

    // kubelet's directory may be a link, as /var/lib/kubelet to a larger disk.
    private static FlexCall Parse(string[] args)
    {
        var call = FlexCall.Parse(args);
        return call with { Directory = RealPath.OfParent(call.Directory) };
    }

    // The child of a watchdog: the call comes on standard input, because every user can read a process's arguments.
    private static int Work()
    {
        byte[] answer;
        try
        {
            var (name, limit, args) = Watchdog.ReadCall();
            OwnProcess.Silence();
            OwnProcess.SetUmask();
            OwnProcess.OutliveFileSizeLimit();
            OwnProcess.EndAfter(limit + TimeSpan.FromSeconds(5));
            if (args is [Watchdog.ForceArgument, var target])
            {
                Watchdog.ForceHere(target);
                return 0;
            }

            answer = new Driver(name, Dialect.Find(name)!) { Limit = limit }
                .Serve(Parse(args))
                .ToBytes();
        }
        catch (Exception e)
        {
            answer = Driver.Describe(e).ToBytes();
        }

        return Print(answer);
    }

    private static int Print(byte[] answer)
    {
        using var output = FileDescriptor.StandardOutput();
        try
        {
            output.Write(answer);
        }
        catch (ErrnoException)
        {
            // The answer is lost; the call is repeated, and finds what this one did.
            return 0;
        }

        return 0;
    }
}
