using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Plugboard.Coordinator.Sources.Tls;

/// <summary>
/// This side's certificate for a server: the first certificate of a file with its key, and the intermediate certificates behind it, up to
/// the server's authority.
/// </summary>
internal sealed class ClientCertificate
{
    private const string Rsa = "1.2.840.113549.1.1.1";
    private const string EllipticCurve = "1.2.840.10045.2.1";

    private ClientCertificate(string origin, X509Certificate2 certificate, SslStreamCertificateContext context)
    {
        Origin = origin;
        (Subject, NotBefore, NotAfter) = (
            certificate.Subject,
            new DateTimeOffset(certificate.NotBefore),
            new DateTimeOffset(certificate.NotAfter)
        );
        Context = context;
    }

    /// <summary>Its origin, for messages.</summary>
    public string Origin { get; }

    /// <summary>Its subject.</summary>
    public string Subject { get; }

    /// <summary>From when on it is valid.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>Until when it is valid.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>For <see cref="SslClientAuthenticationOptions.ClientCertificateContext"/>.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>Reads it. Keys are of any kind that OpenSSL reads (RSA, elliptic curves, Ed25519, Ed448), not encrypted.</summary>
    /// <exception cref="TlsFileException">One of the texts cannot be used.</exception>
    public static ClientCertificate Read(PemText certificates, PemText key)
    {
        var chain = certificates.ReadCertificates();
        RequireKey(key);
        var (first, behind) = (chain[0], new X509Certificate2Collection(chain.Skip(1).ToArray()));
        var context =
            first.GetKeyAlgorithm() is Rsa or EllipticCurve && TryRead(first, key) is { } usual
                ? SslStreamCertificateContext.Create(usual, behind, offline: true)
                : OpenSslKeys.CreateContext(first, behind, key);
        return new ClientCertificate(certificates.Origin, first, context);
    }

    // OpenSSL reads keys that .NET's own readers do not support: curves with explicit parameters, for one.
    private static X509Certificate2? TryRead(X509Certificate2 certificate, PemText key)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), key.Text);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static void RequireKey(PemText key)
    {
        if (
            key.Text.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal)
            || key.Text.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal)
        )
            throw new TlsFileException(
                $"{key.Origin}: the key is encrypted, and its password cannot be entered: store it decrypted (openssl "
                    + "pkey -in … -out …)"
            );
        if (!key.Text.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            throw new TlsFileException($"{key.Origin}: no private key in it (PEM, \"-----BEGIN PRIVATE KEY-----\")");
    }
}
