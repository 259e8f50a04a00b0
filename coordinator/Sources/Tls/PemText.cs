using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Sources.Tls;

/// <summary>A PEM text with its origin.</summary>
/// <param name="Origin">The file, or the place in a configuration; for messages.</param>
/// <param name="Text">The text. It may contain a key: no message shows it.</param>
internal sealed record PemText(string Origin, string Text)
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="TlsFileException">It cannot be read.</exception>
    public static PemText Read(string path)
    {
        try
        {
            using var file = FileDescriptor.OpenForReading(path);
            return new PemText(path, Encoding.UTF8.GetString(file.ReadToEnd()));
        }
        catch (ErrnoException e)
        {
            throw new TlsFileException(e.Message, e);
        }
    }

    /// <summary>Its certificates, in order, at least one.</summary>
    /// <exception cref="TlsFileException">The text has no certificate, or an invalid one.</exception>
    public X509Certificate2Collection ReadCertificates()
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(Text);
        }
        catch (CryptographicException e)
        {
            throw new TlsFileException($"{Origin}: a certificate in it cannot be read: {e.Message}", e);
        }

        return found.Count > 0
            ? found
            : throw new TlsFileException($"{Origin}: no certificate in it (PEM, \"-----BEGIN CERTIFICATE-----\")");
    }

    /// <summary>Without the text.</summary>
    public override string ToString() => Origin;
}
