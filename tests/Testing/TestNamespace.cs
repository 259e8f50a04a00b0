using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using static Tmds.Linux.LibC;

namespace Plugboard.Testing;

/// <summary>
/// A fresh network namespace, kept by a thread of its own that lives inside it. Code and tools run on that thread: what they open, and the
/// children they start, are of this namespace. Nothing of the machine's own network can be reached.
/// </summary>
public class TestNamespace : IDisposable
{
    private readonly Queue<Action?> work = [];
    private readonly Thread thread;

    public TestNamespace()
        : this(CLONE_NEWNET) { }

    private protected TestNamespace(int flags)
    {
        thread = new Thread(() =>
        {
            while (Take() is { } action)
                action();
        })
        {
            IsBackground = true,
        };
        thread.Start();
        Namespace = Run(() =>
        {
            if (unshare(flags) < 0)
                throw ErrnoException.Last("unshare", "a test's namespace");
            return NetworkNamespace.OpenOwn();
        });
        Path = Run(() => $"/proc/{new FileInfo("/proc/thread-self").LinkTarget}/ns/net");
    }

    /// <summary>The namespace, open.</summary>
    public NetworkNamespace Namespace { get; }

    /// <summary>A path that names the namespace to any process while this object lives, as CNI_NETNS wants one.</summary>
    public string Path { get; }

    /// <summary>
    /// Waits until packets to an address are taken: the kernel does so some time after an IPv6 address was added, even with <c>nodad</c>.
    /// </summary>
    public void WaitUntilLocal(string address) =>
        Eventually.True(
            () => TryTool(["ip", "route", "get", address]).Output.StartsWith("local ", StringComparison.Ordinal),
            () => $"no packet to {address} is taken"
        );

    // A queue that waits without spinning, which takes the processor from other tests. Null ends the thread.
    private void Add(Action? action)
    {
        lock (work)
        {
            work.Enqueue(action);
            Monitor.Pulse(work);
        }
    }

    private Action? Take()
    {
        lock (work)
        {
            while (work.Count == 0)
                Monitor.Wait(work);
            return work.Dequeue();
        }
    }

    /// <summary>Runs inside; the exception is thrown here as it was.</summary>
    public T Run<T>(Func<T> inside)
    {
        var result = default(T);
        ExceptionDispatchInfo? failure = null;
        using var done = new ManualResetEventSlim(false, spinCount: 0);
        Add(() =>
        {
            try
            {
                result = inside();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                done.Set();
            }
        });
        done.Wait();
        failure?.Throw();
        return result!;
    }

    /// <summary>Runs inside; the exception is thrown here as it was.</summary>
    public void Run(Action inside) =>
        Run(() =>
        {
            inside();
            return true;
        });

    /// <summary>
    /// Runs a command line (words divided by blanks) inside and returns its standard output; fails the test unless it exits with 0.
    /// </summary>
    public string Tool(string commandLine)
    {
        var result = TryTool(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return result.ExitCode == 0
            ? result.Output
            : throw new InvalidOperationException($"`{commandLine}` exited with {result.ExitCode}: {result.Error}{result.Output}");
    }

    /// <summary>Runs commands of ip(8), one in a line, by one process; fails the test at the first that fails.</summary>
    public void Ip(string commands)
    {
        var (exitCode, output, error) = TryTool(["ip", "-batch", "-"], commands);
        if (exitCode != 0)
            throw new InvalidOperationException($"ip exited with {exitCode}: {error}{output}of\n{commands}");
    }

    /// <summary>Runs a command line whose output is one JSON document.</summary>
    public JsonElement Json(string commandLine)
    {
        var output = Tool(commandLine);
        // ip(8) prints nothing at all for an empty list of some kinds.
        return JsonSerializer.Deserialize<JsonElement>(string.IsNullOrWhiteSpace(output) ? "[]" : output);
    }

    /// <summary>Runs a command inside, whatever it exits with.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="environment">Its environment, <c>NAME=value</c> each; null: this process's own.</param>
    public (int ExitCode, string Output, string Error) TryTool(
        IReadOnlyList<string> command,
        string input = "",
        IReadOnlyList<string>? environment = null
    ) =>
        Run(() =>
        {
#pragma warning disable RS0030 // The harness starts real tools as oracles; the product's own way of starting them is what it tests.
            var start = new ProcessStartInfo(command[0], command.Skip(1))
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            if (environment is not null)
            {
                start.Environment.Clear();
                foreach (var variable in environment)
                    start.Environment[variable.Split('=', 2)[0]] = variable.Split('=', 2)[1];
            }

            using var process = System.Diagnostics.Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            Feed(process.StandardInput, input);
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.GetAwaiter().GetResult());
#pragma warning restore RS0030
        });

    // A plugin that refuses its environment may end before it is given its input: runtimes take that for no failure either (os/exec ignores
    // EPIPE).
    private static void Feed(StreamWriter standardInput, string input)
    {
        try
        {
            standardInput.Write(input);
            standardInput.Close();
        }
        catch (IOException e)
            when (e.InnerException is System.Net.Sockets.SocketException { SocketErrorCode: System.Net.Sockets.SocketError.Shutdown })
        {
            standardInput.BaseStream.Close();
        }
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        Add(null);
        thread.Join();
        // The thread has ended for .NET; for the kernel it lives in the namespace a moment longer.
        Eventually.True(() => !File.Exists(Path), () => $"{Path} is still there");
        Namespace.Dispose();
    }
}
