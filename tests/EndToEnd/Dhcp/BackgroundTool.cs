using System.Diagnostics;
using System.Text;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Dhcp;

#pragma warning disable RS0030 // The harness starts real servers; the product's own way of starting tools waits for their end.
/// <summary>A program that runs in a namespace until it is ended; its output is read all the time.</summary>
internal sealed class BackgroundTool : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private bool isDisposed;

    public BackgroundTool(TestNamespace inside, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        process = inside.Run(() => Process.Start(start)!);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    /// <summary>What it has printed.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>Its process id.</summary>
    public int Id => process.Id;

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode
    {
        get
        {
            Assert.True(process.WaitForExit(30_000), $"it has not ended: {Output}");
            return process.ExitCode;
        }
    }

    private void Append(string? line)
    {
        lock (output)
            output.Append(line).Append('\n');
    }

    /// <summary>Ends it by SIGKILL.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>Ends it by SIGTERM.</summary>
    public void Terminate()
    {
        Assert.Equal(0, HostTool.Run("kill", ["-TERM", $"{process.Id}"]).ExitCode);
        _ = ExitCode;
    }

    public void Dispose()
    {
        if (isDisposed)
            return;
        isDisposed = true;
        if (!process.HasExited)
            Kill();
        process.Dispose();
    }
}
