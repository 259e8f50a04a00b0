using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting;

/// <summary>A plugin as a process: the only place that writes standard output.</summary>
public static class CniProcess
{
    /// <summary>Serves the one call that the environment describes, or the command line where CNI_COMMAND is not set.</summary>
    /// <param name="plugin">The plugin.</param>
    /// <param name="args">The command line's arguments, which a CNI call ignores.</param>
    /// <returns>The exit code: 0 or 1.</returns>
    public static int Run(CniPlugin plugin, string[] args)
    {
        OwnProcess.TakeClosedStreams();
        OwnProcess.OutliveFileSizeLimit();
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CNI_COMMAND")))
            return Print(CniCall.Serve(plugin, Environment.GetEnvironmentVariable, ReadInput));
        return args.Length == 0 ? CniAbout.Print(plugin) : CniCommandLine.Run(plugin, args);
    }

    internal static byte[] ReadInput()
    {
        using var input = FileDescriptor.StandardInput();
        return input.ReadToEnd();
    }

    private static int Print(CniOutcome outcome)
    {
        if (outcome.Output.Length == 0)
            return outcome.ExitCode;
        using var output = FileDescriptor.StandardOutput();
        try
        {
            output.Write(outcome.Output);
            return outcome.ExitCode;
        }
        catch (ErrnoException e)
        {
            StandardError.WriteLine(e.Message);
            outcome.Undo?.Invoke();
            return 1;
        }
    }
}
