using Plugboard.Coordinator.Sources.Etcd;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Etcd;

/// <summary>A real etcd with TLS: what is shown to it, what of it is believed, and what is said where either does not go.</summary>
public sealed class EtcdTlsTests : IDisposable
{
    private const string Config = "/coreos.com/network/config";

    // A root, an authority by it, a server's certificate by the root and one by the authority, a client's of each kind of key by the
    // authority.
    private const string Certificates = """
        exec 2>/dev/null
        ec() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
        sign() { # NAME ISSUER DAYS EXTENSIONS
            openssl req -new -key $1.key -subj /CN=$1 -out $1.csr
            openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days $3 -extfile <(printf "$4") -out $1.pem
        }
        for name in root other; do
            ec $name.key
            openssl req -x509 -key $name.key -days 30 -subj /CN=$name -addext basicConstraints=critical,CA:TRUE -out $name.pem
        done
        ec between.key; sign between root 30 'basicConstraints=critical,CA:TRUE\n'
        ec server.key; sign server root 30 'subjectAltName=IP:127.0.0.1\n'
        ec deep.key; sign deep between 30 'subjectAltName=IP:127.0.0.1\n'; cat deep.pem between.pem > deep-chain.pem
        ec sec1.key; openssl ecparam -name secp384r1 -genkey -out sec1.key
        openssl genrsa -out rsa.key 2048; openssl rsa -in rsa.key -traditional -out pkcs1.key
        openssl genpkey -algorithm ed25519 -out ed25519.key
        ec ec.key
        for name in sec1 rsa pkcs1 ed25519 ec; do
            sign $name between 30 'extendedKeyUsage=clientAuth\n'; cp $name.pem $name-leaf.pem; cat between.pem >> $name.pem; done
        ec stranger.key; sign stranger other 30 'extendedKeyUsage=clientAuth\n'
        ec old.key; sign old root 0 'extendedKeyUsage=clientAuth\n'
        cat ec.key ec.pem > both.pem
        openssl pkey -in ec.key -aes128 -passout pass:x -out encrypted.key
        openssl ec -in ec.key -aes128 -passout pass:x -out encrypted-old.key
        """;

    private readonly List<EtcdServer> servers = [];

    public void Dispose()
    {
        foreach (var server in servers)
            server.Dispose();
    }

    private EtcdServer Start(string certificate, string key, bool wantsCertificates)
    {
        string[] wants = wantsCertificates ? ["--trusted-ca-file", "DIR/root.pem", "--client-cert-auth"] : [];
        var server = new EtcdServer(
            "https",
            ["--cert-file", $"DIR/{certificate}", "--key-file", $"DIR/{key}", .. wants],
            ["--cacert", "DIR/root.pem", "--cert", "DIR/ec.pem", "--key", "DIR/ec.key"]
        );
        servers.Add(server);
        File.WriteAllText(Path.Combine(server.FilesAt, "make.sh"), Certificates);
        server.Tool("bash make.sh");
        server.Start();
        return server;
    }

    private static EtcdOptions Options(EtcdServer server, string authorities, string? certificate = null, string? key = null)
    {
        string At(string name) => Path.Combine(server.FilesAt, name);
        return new EtcdOptions
        {
            NodeName = "one",
            Endpoints = [server.Endpoint],
            CaFile = At(authorities),
            CertFile = certificate is null ? null : At(certificate),
            KeyFile = key is null ? null : At(key),
        };
    }

    private static async Task<string> AskAsync(EtcdServer server, string authorities, string? certificate = null, string? key = null)
    {
        try
        {
            using var client = EtcdClient.Open(Options(server, authorities, certificate, key), server.Connections);
            await client.ListAsync(Config, default);
            return "answered";
        }
        catch (EtcdException e)
        {
            return e
                .Message.Replace(server.FilesAt + "/", "", StringComparison.Ordinal)
                .Replace("https://127.0.0.1:2379: ", "", StringComparison.Ordinal);
        }
    }

    [KernelFact]
    public async Task Keys_of_each_kind_are_used_and_the_whole_chain_is_shown()
    {
        var server = Start("server.pem", "server.key", wantsCertificates: true);
        foreach (var kind in (string[])["ec", "sec1", "rsa", "pkcs1", "ed25519"])
        {
            Assert.Equal("answered", await AskAsync(server, "root.pem", $"{kind}.pem", $"{kind}.key"));
            // Without the intermediate certificate, etcd does not know the authority.
            Assert.StartsWith(
                $"it refuses the certificate of {kind}-leaf.pem (",
                await AskAsync(server, "root.pem", $"{kind}-leaf.pem", $"{kind}.key"),
                StringComparison.Ordinal
            );
        }

        // As etcdctl does not, but curl does: one file for both.
        Assert.Equal("answered", await AskAsync(server, "root.pem", "both.pem"));
    }

    [KernelFact]
    public async Task What_is_wrong_with_this_side_s_certificate_is_named()
    {
        var server = Start("server.pem", "server.key", wantsCertificates: true);
        Assert.StartsWith(
            "it wants a client certificate, and none is configured; give one by --etcd-certfile and --etcd-keyfile (",
            await AskAsync(server, "root.pem"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "the server does not know its authority",
            await AskAsync(server, "root.pem", "stranger.pem", "stranger.key"),
            StringComparison.Ordinal
        );
        Assert.Contains("): it has expired on 20", await AskAsync(server, "root.pem", "old.pem", "old.key"), StringComparison.Ordinal);
        Assert.Equal(
            "encrypted.key: the key is encrypted, and its password cannot be entered: store it decrypted (openssl pkey " + "-in … -out …)",
            await AskAsync(server, "root.pem", "ec.pem", "encrypted.key")
        );
        Assert.StartsWith(
            "encrypted-old.key: the key is encrypted",
            await AskAsync(server, "root.pem", "ec.pem", "encrypted-old.key"),
            StringComparison.Ordinal
        );
        Assert.Equal(
            "ec.key: the key is not that of the first certificate, CN=rsa",
            await AskAsync(server, "root.pem", "rsa.pem", "ec.key")
        );
        Assert.Equal(
            "ec.key: the key is not that of the first certificate, CN=ed25519",
            await AskAsync(server, "root.pem", "ed25519.pem", "ec.key")
        );
        Assert.Equal(
            "ec.pem: no private key in it (PEM, \"-----BEGIN PRIVATE KEY-----\")",
            await AskAsync(server, "root.pem", "ec.pem", "ec.pem")
        );
        Assert.Equal(
            "ec.key: no certificate in it (PEM, \"-----BEGIN CERTIFICATE-----\")",
            await AskAsync(server, "root.pem", "ec.key", "ec.key")
        );
        Assert.Equal("open none.pem: no such file or directory (ENOENT)", await AskAsync(server, "root.pem", "none.pem", "ec.key"));
    }

    [KernelFact]
    public async Task What_is_wrong_with_the_server_s_certificate_is_named()
    {
        var server = Start("server.pem", "server.key", wantsCertificates: false);
        Assert.Equal("answered", await AskAsync(server, "root.pem"));
        Assert.Equal(
            "the server's certificate is not accepted: it is from CN=root, which is not in other.pem (--etcd-cafile)",
            await AskAsync(server, "other.pem")
        );
        Assert.Equal("other.key: no certificate in it (PEM, \"-----BEGIN CERTIFICATE-----\")", await AskAsync(server, "other.key"));
        // A certificate that is in the file itself is believed, as Go's clients do.
        Assert.Equal("answered", await AskAsync(server, "server.pem"));
        var plain = Options(server, "root.pem") with { Endpoints = [new Uri("http://127.0.0.1:2379")] };
        using var client = EtcdClient.Open(plain, server.Connections);
        await Assert.ThrowsAsync<EtcdException>(() => client.ListAsync(Config, default));
    }

    [KernelFact]
    public async Task An_authority_in_the_file_need_not_be_a_root()
    {
        var server = Start("deep-chain.pem", "deep.key", wantsCertificates: false);
        Assert.Equal("answered", await AskAsync(server, "root.pem"));
        Assert.Equal("answered", await AskAsync(server, "between.pem"));
        Assert.Equal("answered", await AskAsync(server, "deep.pem"));
        Assert.Equal(
            "the server's certificate is not accepted: it is from CN=root, which is not in other.pem (--etcd-cafile)",
            await AskAsync(server, "other.pem")
        );
    }
}
