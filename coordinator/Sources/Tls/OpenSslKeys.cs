using System.Collections.ObjectModel;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Plugboard.Coordinator.Sources.Tls;

/// <summary>
/// Keys that OpenSSL, which makes the connections, can sign with and .NET has no class for. .NET's context for a connection is made for a
/// certificate of its own; then OpenSSL's objects in it are replaced. Source: docs/decisions/0029.
/// </summary>
internal static unsafe partial class OpenSslKeys
{
    private const string Library = "libcrypto";
    private const int LongestError = 256;

    /// <summary>A context for a certificate with its key, whatever kind of key it is.</summary>
    /// <exception cref="TlsFileException">OpenSSL cannot read the key, or it is another certificate's.</exception>
    public static SslStreamCertificateContext CreateContext(X509Certificate2 certificate, X509Certificate2Collection behind, PemText key)
    {
        var handle = ReadKey(key);
        try
        {
            if (CheckPrivateKey(certificate.Handle, handle.DangerousGetHandle()) != 1)
                throw new TlsFileException($"{key.Origin}: the key is not that of the first certificate, {certificate.Subject}");
            using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var placeholder = new CertificateRequest("CN=placeholder", own, HashAlgorithmName.SHA256).CreateSelfSigned(
                DateTimeOffset.UnixEpoch,
                DateTimeOffset.UnixEpoch.AddYears(100)
            );
            var context = SslStreamCertificateContext.Create(placeholder, additionalCertificates: null, offline: true);
            Replace(context, placeholder, certificate);
            (var unused, KeyOf(context)) = (KeyOf(context), handle);
            unused.Dispose();
            BehindOf(context) = new ReadOnlyCollection<X509Certificate2>(behind.ToArray());
            return context;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
        finally
        {
            GC.KeepAlive(certificate);
        }
    }

    private static SafeEvpPKeyHandle ReadKey(PemText key)
    {
        ClearErrors();
        var text = Encoding.UTF8.GetBytes(key.Text);
        nint found;
        fixed (byte* p = text)
        {
            var bio = NewMemory(p, text.Length);
            // With a password given, OpenSSL does not prompt for one on the terminal.
            var password = stackalloc byte[1];
            password[0] = 0;
            found = ReadPrivateKey(bio, null, 0, password);
            _ = FreeMemory(bio);
        }

#pragma warning disable CA1416 // This runs on Linux alone.
        return found != 0
            ? new SafeEvpPKeyHandle(found, ownsHandle: true)
            : throw new TlsFileException($"{key.Origin}: the key cannot be read: {LastError()}");
#pragma warning restore CA1416
    }

    // d2i_X509 with an object reads into that object: from now on the context contains the other certificate.
    private static void Replace(SslStreamCertificateContext context, X509Certificate2 placeholder, X509Certificate2 certificate)
    {
        ClearErrors();
        var encoded = certificate.RawData;
        fixed (byte* p = encoded)
        {
            var at = p;
            var target = placeholder.Handle;
            if (ReadCertificate(&target, &at, new CLong(encoded.Length)) == 0 || target != placeholder.Handle)
                throw new TlsFileException($"{certificate.Subject}: OpenSSL cannot read the certificate: {LastError()}");
        }

        GC.KeepAlive(context);
        GC.KeepAlive(placeholder);
    }

    private static string LastError()
    {
        var code = GetError();
        var text = stackalloc byte[LongestError];
        DescribeError(code, text, LongestError);
        ClearErrors();
        return code.Value == 0 ? "OpenSSL gives no reason" : Marshal.PtrToStringUTF8((nint)text)!;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "KeyHandle")]
    private static extern ref SafeEvpPKeyHandle KeyOf(SslStreamCertificateContext context);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<IntermediateCertificates>k__BackingField")]
    private static extern ref ReadOnlyCollection<X509Certificate2> BehindOf(SslStreamCertificateContext context);

    [LibraryImport(Library, EntryPoint = "BIO_new_mem_buf")]
    private static partial nint NewMemory(byte* buffer, int length);

    [LibraryImport(Library, EntryPoint = "BIO_free")]
    private static partial int FreeMemory(nint bio);

    [LibraryImport(Library, EntryPoint = "PEM_read_bio_PrivateKey")]
    private static partial nint ReadPrivateKey(nint bio, nint* key, nint callback, byte* password);

    [LibraryImport(Library, EntryPoint = "X509_check_private_key")]
    private static partial int CheckPrivateKey(nint certificate, nint key);

    [LibraryImport(Library, EntryPoint = "d2i_X509")]
    private static partial nint ReadCertificate(nint* certificate, byte** encoded, CLong length);

    [LibraryImport(Library, EntryPoint = "ERR_get_error")]
    private static partial CULong GetError();

    [LibraryImport(Library, EntryPoint = "ERR_error_string_n")]
    private static partial void DescribeError(CULong error, byte* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "ERR_clear_error")]
    private static partial void ClearErrors();
}
