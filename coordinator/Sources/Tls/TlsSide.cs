using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Plugboard.Coordinator.Sources.Tls;

/// <summary>This side's trusted authorities and certificate, and the other side's requests.</summary>
internal sealed class TlsSide
{
    private volatile bool wasAsked;

    /// <summary>The only accepted authorities of a server's certificate; null: the system's.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>The origin of the authorities, or the option for them, for messages.</summary>
    public required string AuthoritiesSetting { get; init; }

    /// <summary>This side's certificate; null: none.</summary>
    public ClientCertificate? Client { get; init; }

    /// <summary>The option for this side's certificate, for messages.</summary>
    public required string ClientSetting { get; init; }

    /// <summary>A server asked for a certificate, and there was no certificate to show.</summary>
    public bool WasAskedInVain => wasAsked && Client is null;

    /// <summary>Sets a connection's options.</summary>
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

    // Also called before the server has sent anything.
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
