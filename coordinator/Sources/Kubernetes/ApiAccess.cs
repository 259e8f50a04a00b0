using System.Security.Cryptography;
using System.Text;
using Plugboard.Coordinator.Sources.Tls;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>The API's address and credentials. Texts and files are read at each use, so that replaced files are picked up.</summary>
internal sealed class ApiAccess
{
    /// <summary>Where the API is.</summary>
    public required Uri Server { get; init; }

    /// <summary>The address is the cluster's service, which kube-proxy's rules lead to a server.</summary>
    public bool IsService { get; init; }

    /// <summary>The only authorities that its certificate may be from, PEM; null: the system's.</summary>
    public Secret? Authorities { get; init; }

    /// <summary>The bearer's token; null: none.</summary>
    public Secret? Token { get; init; }

    /// <summary>This side's certificate, PEM; null: none.</summary>
    public Secret? Certificate { get; init; }

    /// <summary>Its key, PEM.</summary>
    public Secret? Key { get; init; }

    /// <summary>Whether a token may be sent: not if the connection would expose it.</summary>
    public bool MaySendToken => Server.Scheme == Uri.UriSchemeHttps || Server.IsLoopback;

    /// <summary>The token's text; null: none, or it must not be sent.</summary>
    /// <exception cref="ApiException">It cannot be read, or is no token.</exception>
    public string? FindToken()
    {
        if (Token is null || !MaySendToken || Token.ReadText().Trim() is not { Length: > 0 } text)
            return null;
        // A token that cannot be sent is reported without being shown.
        return text.All(static letter => letter is > ' ' and <= '~')
            ? text
            : throw new ApiException($"{Token.Origin}: it has no token: a token is one word of ASCII letters, digits and signs");
    }

    /// <summary>The inputs of connections as one text: another text needs other connections.</summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var secret in new[] { Authorities, Certificate, Key })
        {
            hash.AppendData(secret?.Read() ?? []);
            hash.AppendData([0]);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>This side's authorities and certificate, as the files are now.</summary>
    /// <exception cref="ApiException">One of them cannot be used.</exception>
    public TlsSide ReadTls()
    {
        try
        {
            return new TlsSide
            {
                Authorities = Authorities is null ? null : new PemText(Authorities.Origin, Authorities.ReadText()).ReadCertificates(),
                AuthoritiesSetting = Authorities?.Origin ?? "the kubeconfig's certificate-authority",
                Client =
                    Certificate is null || Key is null
                        ? null
                        : ClientCertificate.Read(
                            new PemText(Certificate.Origin, Certificate.ReadText()),
                            new PemText(Key.Origin, Key.ReadText())
                        ),
                ClientSetting = "the kubeconfig's client-certificate and client-key",
            };
        }
        catch (TlsFileException e)
        {
            throw new ApiException(e.Message, e);
        }
    }

    /// <summary>A text that is written in the configuration, or in a file of its own.</summary>
    internal sealed class Secret
    {
        private readonly byte[]? text;
        private readonly RefreshedFile? file;

        private Secret(string origin, byte[]? text, RefreshedFile? file)
        {
            Origin = origin;
            this.text = text;
            this.file = file;
        }

        /// <summary>Its origin, for messages.</summary>
        public string Origin { get; }

        /// <summary>One that is known.</summary>
        public static Secret OfText(string origin, byte[] text) => new(origin, text, file: null);

        /// <summary>One in a file.</summary>
        /// <param name="path">The file.</param>
        /// <param name="time">The clock.</param>
        /// <param name="advice">What to do if it is missing; null: unknown.</param>
        public static Secret OfFile(string path, TimeProvider time, string? advice = null) =>
            new(path, text: null, new RefreshedFile(path, time, advice));

        /// <summary>Its bytes.</summary>
        /// <exception cref="ApiException">The file cannot be read.</exception>
        public byte[] Read() => text ?? file!.Read();

        /// <summary>Its text.</summary>
        public string ReadText() => Encoding.UTF8.GetString(Read());

        /// <summary>Its origin, without its content.</summary>
        public override string ToString() => Origin;
    }
}
