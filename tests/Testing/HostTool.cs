using System.Diagnostics;

namespace Plugboard.Testing;

/// <summary>A tool of the machine that needs no privileges: compilers and what reads their output.</summary>
public static class HostTool
{
    /// <summary>Runs <paramref name="program"/> to its end; standard output and standard error are one text.</summary>
    public static (int ExitCode, string Output) Run(string program, IEnumerable<string> arguments, string input = "")
    {
#pragma warning disable RS0030 // Tests may start a process.
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult() + error.GetAwaiter().GetResult());
#pragma warning restore RS0030
    }
}
