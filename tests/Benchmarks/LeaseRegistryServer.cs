#pragma warning disable RS0030 // A real server, outside of what is measured.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Plugboard.Benchmarks;

/// <summary>
/// A real etcd with flannel's registry: leases of other nodes, all of one vxlan. In the network namespace of the thread that makes it; its
/// data are in memory, so that no disk is measured.
/// </summary>
internal sealed class LeaseRegistryServer : IDisposable
{
    private const string Prefix = "/coreos.com/network";
    private const int MostInOneTransaction = 100;

    private readonly string directory;
    private readonly Process process;
    private readonly HttpClient client;

    /// <summary>Starts it and waits until it answers.</summary>
    public LeaseRegistryServer()
    {
        var parent = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        directory = Directory.CreateDirectory(Path.Combine(parent, $"plugboard-bench-{Path.GetRandomFileName()}")).FullName;
        process = Process.Start(Command(directory))!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        client = OpenClient();
        Put([("config", "{\"Network\":\"10.0.0.0/8\",\"Backend\":{\"Type\":\"vxlan\"}}")]);
    }

    private static ProcessStartInfo Command(string data) =>
        new(
            "etcd",
            [
                "--data-dir",
                data,
                "--listen-client-urls",
                "http://127.0.0.1:2379",
                "--advertise-client-urls",
                "http://127.0.0.1:2379",
                "--listen-peer-urls",
                "http://127.0.0.1:2380",
                "--initial-advertise-peer-urls",
                "http://127.0.0.1:2380",
                "--initial-cluster",
                "default=http://127.0.0.1:2380",
                "--log-level",
                "error",
                "--logger",
                "zap",
            ]
        )
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        };

    private static Socket ConnectPatiently()
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Connect(new IPEndPoint(IPAddress.Loopback, 2379));
                return socket;
            }
            catch (SocketException) when (watch.Elapsed < TimeSpan.FromSeconds(20))
            {
                socket.Dispose();
                Thread.CurrentThread.Join(50);
            }
        }
    }

    // Of one connection, whose socket is made on this thread, and with it in this namespace.
    private static HttpClient OpenClient()
    {
        Socket? connected = ConnectPatiently();
        return new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(Connect()) });

        NetworkStream Connect() =>
            new(Interlocked.Exchange(ref connected, null) ?? throw new IOException("etcd closed the connection"), ownsSocket: true);
    }

    /// <summary>A client that watches the leases, from now on.</summary>
    public static LeaseWatch Watch() => new(OpenClient(), Base64($"{Prefix}/subnets/"));

    /// <summary>Adds the leases of nodes, by number.</summary>
    public void Add(int first, int count)
    {
        foreach (var some in Enumerable.Range(first, count).Chunk(MostInOneTransaction))
            Put(some.Select(number => ($"subnets/10.{number / 250}.{number % 250}.0-24", Lease(number))));
    }

    private static string Lease(int number) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"PublicIP\":\"172.{16 + number / 40000}.{number / 200}.{number % 200 + 1}\",\"PublicIPv6\":null,\"BackendType\":\"vxlan\","
                + $"\"BackendData\":{{\"VNI\":1,\"VtepMAC\":\"02:00:00:00:{number / 256:x2}:{number % 256:x2}\"}}}}"
        );

    private void Put(IEnumerable<(string Key, string Value)> entries)
    {
        var puts = entries.Select(static entry =>
            $"{{\"request_put\":{{\"key\":\"{Base64($"{Prefix}/{entry.Key}")}\",\"value\":\"{Base64(entry.Value)}\"}}}}"
        );
        using var content = new StringContent($"{{\"success\":[{string.Join(',', puts)}]}}", Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://127.0.0.1:2379/v3/kv/txn") { Content = content };
        using var response = client.Send(request);
        response.EnsureSuccessStatusCode();
        using var body = response.Content.ReadAsStream();
        body.CopyTo(Stream.Null);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <inheritdoc/>
    public void Dispose()
    {
        client.Dispose();
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
