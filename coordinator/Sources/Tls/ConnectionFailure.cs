using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Plugboard.Coordinator.Sources.Tls;

/// <summary>Explains why a connection failed or ended, from the exceptions of .NET and OpenSSL's words within them.</summary>
internal static partial class ConnectionFailure
{
    // OpenSSL: an alert's reason is its number and this; RFC 8446, 6.2 has the numbers.
    private const int AlertBase = 1000;
    private const string NoTls = "it does not speak TLS; is it http:// instead of https://?";
    private const int WrongVersion = 267;
    private const int HttpRequest = 156;

    private const int HandshakeFailure = 40;
    private const int BadCertificate = 42;
    private const int CertificateUnknown = 46;
    private const int UnknownAuthority = 48;
    private const int AccessDenied = 49;
    private const int ProtocolVersion = 70;
    private const int CertificateRequired = 116;

    /// <summary>A sentence without the server's name.</summary>
    /// <param name="e">The exception.</param>
    /// <param name="tls">This side's authorities and certificate; null without TLS.</param>
    public static string Describe(Exception e, TlsSide? tls)
    {
        Exception innermost = e;
        for (var at = e; at is not null; at = at.InnerException)
        {
            if (at is ServerCertificateException)
                return at.Message;
            innermost = at;
        }

        if (tls is not null && ReasonOf(innermost.Message) is { } reason)
            return Describe(reason, innermost.Message, tls);
        // .NET reads the first bytes before OpenSSL does.
        if (tls is not null && innermost.Message.Contains("frame size", StringComparison.Ordinal))
            return $"{NoTls} ({innermost.Message})";
        // etcd closes a connection to its plain port at the first bytes of TLS, without a word.
        if (tls is { WasAskedInVain: false } && innermost.Message.Contains("unexpected EOF", StringComparison.Ordinal))
            return $"it ended the connection at the beginning of TLS: it may not speak TLS; is it http:// instead of https://? "
                + $"({innermost.Message})";
        // It may close the connection before its alert is read.
        return tls is { WasAskedInVain: true } && innermost is SocketException or IOException
            ? $"{innermost.Message}, after it requested a client certificate and got none; give one by {tls!.ClientSetting}"
            : innermost.Message;
    }

    /// <summary>Whether the other side ended the connection without an alert.</summary>
    public static bool IsReset(Exception e)
    {
        var innermost = e;
        while (innermost.InnerException is { } inner)
            innermost = inner;
        // The end of a stream is not a socket exception.
        return innermost
            is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted }
                or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded };
    }

    private static string Describe(int reason, string words, TlsSide tls) =>
        (reason - AlertBase) switch
        {
            CertificateRequired => Wanting(tls, words),
            HandshakeFailure or BadCertificate or AccessDenied when tls.WasAskedInVain => Wanting(tls, words),
            >= BadCertificate and <= UnknownAuthority or AccessDenied when tls.Client is { } client =>
                $"it refuses the certificate of {client.Origin} ({Words(words)}): {WhyRefused(reason - AlertBase, client)}",
            ProtocolVersion => $"it has no version of TLS in common with this side, which has 1.2 and 1.3 ({Words(words)})",
            _ when reason is WrongVersion or HttpRequest => $"{NoTls} ({Words(words)})",
            _ => $"TLS: {Words(words)}",
        };

    private static string Wanting(TlsSide tls, string words) =>
        tls.Client is { } client
            ? $"it wants a client certificate other than {client.Origin}, {client.Subject} ({Words(words)})"
            : $"it wants a client certificate, and none is configured; give one by {tls.ClientSetting} ({Words(words)})";

    private static string WhyRefused(int alert, ClientCertificate client)
    {
        var now = TimeProvider.System.GetUtcNow();
        if (client.NotAfter < now)
            return $"it has expired on {Text(client.NotAfter)}";
        if (client.NotBefore > now)
            return $"it is valid from {Text(client.NotBefore)} on, and this machine's clock says {Text(now)}";
        return alert is UnknownAuthority or BadCertificate or CertificateUnknown
            ? "the server does not know its authority, or the file misses an intermediate certificate; the server's log says which"
            : "the server's log says why";
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    // error:0A00045C:SSL routines::tlsv13 alert certificate required; before OpenSSL 3 error:14094412:…, the reason is the last three
    // digits there too.
    private static int? ReasonOf(string message) =>
        OpenSslError().Match(message) is { Success: true } match
            ? int.Parse(match.Groups["reason"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            : null;

    private static string Words(string message) => message[(message.LastIndexOf(':') + 1)..].Trim();

    [GeneratedRegex(
        @"error:(?:0A|14)[0-9A-F]{3}(?<reason>[0-9A-F]{3}):",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex OpenSslError();
}
