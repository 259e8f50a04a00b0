using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Plugboard.Coordinator.Sources;
using Plugboard.Linux;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Etcd;

/// <summary>A real etcd in a network namespace and a directory of its own.</summary>
internal sealed class EtcdServer : IDisposable
{
    private readonly TestNamespace network = new();
    private readonly string directory = Directory.CreateTempSubdirectory("plugboard-etcd-").FullName;
    private readonly string[] arguments;
    private readonly string[] client;
    private Uri listening;
#pragma warning disable RS0030 // The server is a real one, outside of what is tested.
    private Process? process;

    /// <summary>It is not started yet.</summary>
    /// <param name="scheme"><c>http</c>, or <c>https</c> with <paramref name="arguments"/> that say how.</param>
    /// <param name="arguments">Besides those that say where; DIR is the directory.</param>
    /// <param name="client">etcdctl's, likewise.</param>
    /// <param name="host">Where it listens.</param>
    public EtcdServer(string scheme = "http", string[]? arguments = null, string[]? client = null, string host = "127.0.0.1")
    {
        network.Tool("ip link set lo up");
        Endpoint = new Uri($"{scheme}://{host}:2379");
        listening = Endpoint;
        this.arguments = arguments ?? [];
        this.client = client ?? [];
    }

    /// <summary>Where it listens.</summary>
    public Uri Endpoint { get; }

    /// <summary>Its directory, for certificates.</summary>
    public string FilesAt => directory;

    /// <summary>Connections from inside its namespace.</summary>
    public HttpConnections Connections =>
        new(is6 =>
            network.Run(() =>
                new Socket(is6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            )
        );

    /// <summary>Starts it, with the data it had, and waits until it answers.</summary>
    public void Start()
    {
        string[] own =
        [
            "--data-dir",
            Path.Combine(directory, "data"),
            "--listen-client-urls",
            listening.OriginalString,
            "--advertise-client-urls",
            listening.OriginalString,
            "--listen-peer-urls",
            "http://127.0.0.1:2380",
            "--initial-advertise-peer-urls",
            "http://127.0.0.1:2380",
            "--initial-cluster",
            "default=http://127.0.0.1:2380",
            "--heartbeat-interval",
            "50",
            "--election-timeout",
            "250",
            "--log-level",
            "error",
            "--logger",
            "zap",
        ];
        var start = new ProcessStartInfo(
            "etcd",
            own.Concat(arguments.Select(word => word.Replace("DIR", directory, StringComparison.Ordinal)))
        )
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        process = network.Run(() => Process.Start(start)!);
        var said = new System.Collections.Concurrent.ConcurrentQueue<string?>();
        process.ErrorDataReceived += (_, line) => said.Enqueue(line.Data);
        process.BeginErrorReadLine();
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        for (var attempt = 0; attempt < 50 && !process.HasExited; attempt++)
        {
            // It waits for an answer itself.
            if (TryCtl("get", "ready").ExitCode == 0)
                return;
            process.WaitForExit(TimeSpan.FromMilliseconds(100));
        }

        throw new InvalidOperationException($"etcd does not answer: {string.Join('\n', said)}");
    }

    /// <summary>Kills it; its data stay.</summary>
    public void Stop()
    {
        process?.Kill();
        process?.WaitForExit();
        process?.Dispose();
        process = null;
    }
#pragma warning restore RS0030

    /// <summary>Changes something while no node can reach it.</summary>
    public void WhileAway(Action change)
    {
        Stop();
        listening = new Uri($"http://{Endpoint.Host}:2479");
        Start();
        change();
        Stop();
        listening = Endpoint;
        Start();
    }

    /// <summary>Saves its state, for <see cref="Restore"/>.</summary>
    public void Save() => Ctl("snapshot", "save", Path.Combine(directory, "snapshot"));

    /// <summary>Ends it, and starts it with the state that was saved.</summary>
    public void Restore()
    {
        Stop();
        Tool(
            "rm -rf data; ETCDCTL_API=3 etcdctl snapshot restore snapshot --data-dir data --initial-cluster default=http://127.0.0.1:2380 "
                + "--initial-advertise-peer-urls http://127.0.0.1:2380 2> /dev/null"
        );
        Start();
    }

    /// <summary>Runs etcdctl beside it, which fails the test where it fails.</summary>
    public string Ctl(params string[] words)
    {
        var (exitCode, output, error) = TryCtl(words);
        return exitCode == 0 ? output.Trim() : throw new InvalidOperationException($"etcdctl {string.Join(' ', words)}: {error}{output}");
    }

    /// <summary>Runs etcdctl beside it.</summary>
    public (int ExitCode, string Output, string Error) TryCtl(params string[] words) =>
        network.TryTool([
            "env",
            "ETCDCTL_API=3",
            "etcdctl",
            "--endpoints",
            listening.OriginalString,
            "--command-timeout",
            "2s",
            "--dial-timeout",
            "2s",
            .. client.Select(word => word.Replace("DIR", directory, StringComparison.Ordinal)),
            .. words,
        ]);

    /// <summary>Another server beside it, at 127.0.0.1, that lets everybody connect and says nothing.</summary>
    public Socket ListenSilently(int port) =>
        network.Run(() =>
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
#pragma warning disable RS0030 // Nothing is parsed.
            listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
#pragma warning restore RS0030
            listener.Listen();
            return listener;
        });

    /// <summary>Runs a tool in its directory, as openssl for certificates.</summary>
    public void Tool(string script)
    {
        var result = new Command("/bin/sh")
        {
            Arguments = ["-ec", $"cd {directory}; {script}"],
            Environment = ["PATH=/usr/bin:/bin"],
        }.Run();
        Assert.True(result.Succeeded, result.ErrorText);
    }

    public void Dispose()
    {
        Stop();
        network.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
