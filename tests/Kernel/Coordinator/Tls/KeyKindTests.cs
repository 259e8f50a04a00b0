using System.Diagnostics;
using System.Net.Sockets;
using Plugboard.Coordinator.Sources;
using Plugboard.Coordinator.Sources.Tls;
using Plugboard.Linux;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Tls;

/// <summary>Keys that etcd's and Kubernetes' servers may not know, and OpenSSL does: shown to OpenSSL's own server.</summary>
public sealed class KeyKindTests : IDisposable
{
    private const string Certificates = """
        exec 2>/dev/null
        for name in root server; do openssl ecparam -name prime256v1 -genkey -noout -out $name.key; done
        openssl req -x509 -key root.key -days 30 -subj /CN=root -addext basicConstraints=critical,CA:TRUE -out root.pem
        sign() {
            openssl req -new -key $1.key -subj /CN=$1 -out $1.csr && openssl x509 -req -in $1.csr -CA root.pem -CAkey root.key \
                -CAcreateserial -days 30 -extfile <(echo subjectAltName=IP:127.0.0.1) -out $1.pem
        }
        sign server
        openssl genpkey -algorithm ed448 -out ed448.key; sign ed448
        openssl genpkey -algorithm ed25519 -out ed25519.key; sign ed25519
        openssl genpkey -algorithm rsa-pss -pkeyopt rsa_keygen_bits:2048 -out rsa-pss.key; sign rsa-pss
        openssl ecparam -name secp521r1 -genkey -out p521.key; sign p521
        """;

    private readonly TestNamespace network = new();
    private readonly string directory = Directory.CreateTempSubdirectory("plugboard-keys-").FullName;
#pragma warning disable RS0030 // The server is OpenSSL's, outside of what is tested.
    private Process? server;

    public void Dispose()
    {
        server?.Kill();
        server?.Dispose();
        network.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private Socket Open() => network.Run(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));

    private async Task StartAsync()
    {
        network.Tool("ip link set lo up");
        File.WriteAllText(At("make.sh"), Certificates);
        var made = new Command("/bin/bash")
        {
            Arguments = ["-c", $"cd {directory}; . ./make.sh"],
            Environment = ["PATH=/usr/bin:/bin"],
        }.Run();
        Assert.True(made.Succeeded, made.ErrorText);
        var start = new ProcessStartInfo(
            "openssl",
            [
                "s_server",
                "-accept",
                "127.0.0.1:4433",
                "-www",
                "-quiet",
                "-Verify",
                "2",
                "-verify_return_error",
                "-CAfile",
                "root.pem",
                "-cert",
                "server.pem",
                "-key",
                "server.key",
            ]
        )
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        server = network.Run(() => Process.Start(start)!);
        server.BeginErrorReadLine();
        server.BeginOutputReadLine();
#pragma warning restore RS0030
        for (var attempt = 0; attempt < 400; attempt++)
        {
            using var probe = Open();
            try
            {
                await probe.ConnectAsync("127.0.0.1", 4433);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(10);
            }
        }

        Assert.Fail("openssl s_server does not listen");
    }

    private string At(string name) => Path.Combine(directory, name);

    [KernelFact]
    public async Task What_OpenSSL_reads_is_used()
    {
        await StartAsync();
        foreach (var kind in (string[])["ed448", "ed25519", "rsa-pss", "p521"])
        {
            var tls = new TlsSide
            {
                Authorities = PemText.Read(At("root.pem")).ReadCertificates(),
                AuthoritiesSetting = "ca",
                Client = ClientCertificate.Read(PemText.Read(At($"{kind}.pem")), PemText.Read(At($"{kind}.key"))),
                ClientSetting = "cert",
            };
            using var client = new HttpClient(new HttpConnections(_ => Open()).CreateHandler(tls));
            try
            {
                var page = await client.GetStringAsync(new Uri("https://127.0.0.1:4433/"));
                Assert.Matches($"Subject: CN ?= ?{kind}", page);
            }
            catch (HttpRequestException e)
            {
                Assert.Fail($"{kind}: {ConnectionFailure.Describe(e, tls)}");
            }
        }
    }
}
