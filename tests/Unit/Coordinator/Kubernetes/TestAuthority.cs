using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Plugboard.Tests.Unit.Coordinator.Kubernetes;

/// <summary>An authority of the tests that signs servers' certificates.</summary>
internal sealed class TestAuthority
{
    private static readonly Lazy<string> any = new(() => new TestAuthority("any").Pem);
    private readonly X509Certificate2 certificate;

    public TestAuthority(string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true)
        );
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(40), DateTimeOffset.UnixEpoch.AddYears(120));
    }

    /// <summary>Some authority's certificate, where it does not matter.</summary>
    public static string Any => any.Value;

    /// <summary>Its certificate.</summary>
    public string Pem => certificate.ExportCertificatePem();

    /// <summary>A server's certificate for a name or an address.</summary>
    /// <param name="names">Adds the names; none: it has none.</param>
    /// <param name="valid">From when to when; null: now.</param>
    public X509Certificate2 Sign(Action<SubjectAlternativeNameBuilder> names, (DateTimeOffset From, DateTimeOffset To)? valid = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256);
        var builder = new SubjectAlternativeNameBuilder();
        names(builder);
        if (builder.Build() is { RawData.Length: > 2 } extension)
            request.CertificateExtensions.Add(extension);
        var (from, to) = valid ?? (DateTimeOffset.UnixEpoch.AddYears(40), DateTimeOffset.UnixEpoch.AddYears(110));
        using var signed = request.Create(certificate, from, to, [1, 2, 3, (byte)Random.Shared.Next(1, 128)]);
        using var withKey = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), password: null);
    }
}
