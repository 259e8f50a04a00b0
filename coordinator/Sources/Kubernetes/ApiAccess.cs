using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>How the API is reached and what is shown there. Texts and files alike are read at each use, so that what is replaced is followed.</summary>
internal sealed class ApiAccess
{
    /// <summary>Where the API is.</summary>
    public required Uri Server { get; init; }

    /// <summary>It is the address of the cluster's service, which leads to a server by kube-proxy's rules.</summary>
    public bool IsService { get; init; }

    /// <summary>The only authorities that its certificate may be from, PEM; null: the system's.</summary>
    public Secret? Authorities { get; init; }

    /// <summary>The bearer's token; null: none.</summary>
    public Secret? Token { get; init; }

    /// <summary>This side's certificate, PEM; null: none.</summary>
    public Secret? Certificate { get; init; }

    /// <summary>Its key, PEM.</summary>
    public Secret? Key { get; init; }

    /// <summary>The token's text; null: none, or the connection would show it to everybody.</summary>
    public string? FindToken() =>
        Token is not null && (Server.Scheme == Uri.UriSchemeHttps || Server.IsLoopback) && Token.ReadText().Trim() is { Length: > 0 } text ? text : null;

    /// <summary>What connections are made with, as one text: another one means other connections.</summary>
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

    /// <summary>The authorities' certificates; null: the system's count.</summary>
    public X509Certificate2Collection? FindAuthorities()
    {
        if (Authorities is null)
            return null;
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(Authorities.ReadText());
        }
        catch (CryptographicException e)
        {
            throw new ApiException($"{Authorities.Origin}: the authorities cannot be read: {e.Message}", e);
        }

        return found.Count > 0 ? found : throw new ApiException($"{Authorities.Origin}: there is no certificate in it");
    }

    /// <summary>This side's certificate; null: none.</summary>
    public X509Certificate2? FindCertificate()
    {
        if (Certificate is null || Key is null)
            return null;
        try
        {
            return X509Certificate2.CreateFromPem(Certificate.ReadText(), Key.ReadText());
        }
        catch (CryptographicException e)
        {
            throw new ApiException($"{Certificate.Origin}: the client's certificate and its key cannot be used: {e.Message}", e);
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

        /// <summary>Where it is, for messages.</summary>
        public string Origin { get; }

        /// <summary>One that is known.</summary>
        public static Secret OfText(string origin, byte[] text) => new(origin, text, file: null);

        /// <summary>One in a file.</summary>
        public static Secret OfFile(string path, TimeProvider time) => new(path, text: null, new RefreshedFile(path, time));

        /// <summary>Its bytes.</summary>
        /// <exception cref="ApiException">The file cannot be read.</exception>
        public byte[] Read() => text ?? file!.Read();

        /// <summary>Its text.</summary>
        public string ReadText() => Encoding.UTF8.GetString(Read());
    }
}
