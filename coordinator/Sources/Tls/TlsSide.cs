using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Plugboard.Coordinator.Sources.Tls;

/// <summary>This side's trusted authorities and certificate, and the other side's requests.</summary>
internal sealed class TlsSide
{
    private volatile bool wasAsked;

    /// <summary>The only authorities that a server's certificate may be from; null: the system's.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Where the authorities are from or could be given, for messages.</summary>
    public required string AuthoritiesSetting { get; init; }

    /// <summary>What this side shows; null: nothing.</summary>
    public ClientCertificate? Client { get; init; }

    /// <summary>Where this side's certificate could be given, for messages.</summary>
    public required string ClientSetting { get; init; }

    /// <summary>A server asked for a certificate, and there was no certificate to show.</summary>
    public bool WasAskedInVain => wasAsked && Client is null;

    /// <summary>Puts it into a connection's options.</summary>
    public void Apply(SslClientAuthenticationOptions options)
    {
        if (Authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities);
        }

        options.RemoteCertificateValidationCallback = new ServerCheck(Authorities, AuthoritiesSetting).Check;
        if (Client is not null)
            options.ClientCertificateContext = Client.Context;
        else
            options.LocalCertificateSelectionCallback = NoteRequest;
    }

    // Called before the server has said anything, too.
    private X509Certificate NoteRequest(
        object sender,
        string target,
        X509CertificateCollection own,
        X509Certificate? server,
        string[] issuers
    )
    {
        if (server is not null)
            wasAsked = true;
        return null!;
    }
}
