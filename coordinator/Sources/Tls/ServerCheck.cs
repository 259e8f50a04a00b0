using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Plugboard.Coordinator.Sources.Tls;

/// <summary>A server's certificate that is not trusted; the message says why.</summary>
internal sealed class ServerCertificateException(string message) : AuthenticationException(message);

/// <summary>Decides whether a server's certificate is trusted, and why not.</summary>
/// <param name="authorities">The only accepted authorities; null: the system's.</param>
/// <param name="setting">The origin of the authorities, for messages.</param>
internal sealed class ServerCheck(X509Certificate2Collection? authorities, string setting)
{
    /// <summary>For <see cref="SslClientAuthenticationOptions.RemoteCertificateValidationCallback"/>.</summary>
    /// <exception cref="ServerCertificateException">It is not trusted.</exception>
    public bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return true;
        if (certificate is not X509Certificate2 shown || chain is null)
            throw new ServerCertificateException("the server shows no certificate");
        var faults = new List<string>();
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            faults.Add($"it names {NamesOf(shown)}, and not {(sender as SslStream)?.TargetHostName}");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && !IsAnchored(chain))
            faults.AddRange(FaultsOf(chain));
        return faults.Count == 0
            ? true
            : throw new ServerCertificateException(
                $"the server's certificate is not accepted: {string.Join("; ", faults.Distinct(StringComparer.Ordinal))}"
            );
    }

    // As for Go's clients, an authority in the file need not be a root.
    private bool IsAnchored(X509Chain chain) =>
        authorities is not null
        && Array.TrueForAll(chain.ChainStatus, static status => status.Status == X509ChainStatusFlags.PartialChain)
        && chain.ChainElements.Any(element =>
            authorities.Any(authority => authority.RawDataMemory.Span.SequenceEqual(element.Certificate.RawDataMemory.Span))
        );

    private IEnumerable<string> FaultsOf(X509Chain chain)
    {
        foreach (var element in chain.ChainElements)
        {
            var whose = element == chain.ChainElements[0] ? "it" : $"the authority {element.Certificate.Subject}";
            foreach (var status in element.ChainElementStatus)
                yield return Describe(status, element.Certificate, whose);
        }
    }

    private string Describe(X509ChainStatus status, X509Certificate2 certificate, string whose) =>
        status.Status switch
        {
            X509ChainStatusFlags.NotTimeValid when certificate.NotBefore.ToUniversalTime() > TimeProvider.System.GetUtcNow().UtcDateTime =>
                $"{whose} is valid from {Text(certificate.NotBefore)} on, and this machine's clock says "
                    + $"{Text(TimeProvider.System.GetUtcNow().UtcDateTime)}",
            X509ChainStatusFlags.NotTimeValid => $"{whose} has expired on {Text(certificate.NotAfter)}",
            X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.UntrustedRoot => DescribeUnknown(certificate),
            X509ChainStatusFlags.NotSignatureValid when HasNamesake(certificate) => DescribeUnknown(certificate),
            X509ChainStatusFlags.NotValidForUsage => $"{whose} is not for servers (extendedKeyUsage)",
            _ => $"{whose}: {status.StatusInformation.TrimEnd('\n', '.', ' ')}",
        };

    private string DescribeUnknown(X509Certificate2 certificate)
    {
        var issuer = certificate.Issuer;
        if (authorities is null)
            return $"it is from {issuer}, which this machine does not know; give the authority's certificate by {setting}";
        return HasNamesake(certificate)
            ? $"it is from {issuer}, and the authority of that name in {setting} has another key"
            : $"it is from {issuer}, which is not in {setting}";
    }

    private bool HasNamesake(X509Certificate2 certificate) =>
        authorities?.Any(authority => authority.Subject == certificate.Issuer) == true;

    private static string NamesOf(X509Certificate2 certificate)
    {
        var names = new List<string>();
        foreach (var extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            names.AddRange(extension.EnumerateDnsNames());
            names.AddRange(extension.EnumerateIPAddresses().Select(static address => $"{address}"));
        }

        return names.Count > 0 ? string.Join(", ", names) : $"nothing (no subjectAltName; its subject is {certificate.Subject})";
    }

    private static string Text(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
