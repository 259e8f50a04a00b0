using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Plugboard.Addresses;
using Plugboard.Linux.Names;

namespace Plugboard.Coordinator.Sources;

/// <summary>
/// Connections to servers by name: names are resolved by <see cref="HostNames"/>, which a static executable can, and a server that vanished without a word is
/// noticed within half a minute.
/// </summary>
/// <param name="open">Opens an unconnected socket of a family (true: IPv6); null: in the process's own network namespace.</param>
internal sealed class HttpConnections(Func<bool, Socket>? open = null)
{
    private const int KeepAliveSeconds = 10;
    private const int KeepAliveInterval = 5;
    private const int KeepAliveCount = 3;
    private static readonly TimeSpan connectTime = TimeSpan.FromSeconds(5);

    /// <summary>A handler whose connections come from here: no proxy, no cookies, no redirects.</summary>
    /// <param name="trusted">The only authorities that a server's certificate may be from; null: the system's.</param>
    /// <param name="client">What this side shows; null: nothing.</param>
    public SocketsHttpHandler CreateHandler(X509Certificate2Collection? trusted, X509Certificate2? client)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            ConnectTimeout = connectTime,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        };
        if (trusted is not null)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(trusted);
        }

        if (client is not null)
            handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(client, additionalCertificates: null, offline: true);
        return handler;
    }

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var name = context.DnsEndPoint.Host;
        // Name servers are asked on a thread that may wait.
        var address = await Task.Run(() => HostNames.Find(name), cancellation).ConfigureAwait(false)
            ?? throw new HttpRequestException(HttpRequestError.NameResolutionError, $"nobody knows the address of {name}");
        var socket = open is null ? new Socket(address.Is6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) : open(address.Is6);
        try
        {
            socket.NoDelay = true;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveInterval);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveCount);
            await socket.ConnectAsync(EndPoint(address, context.DnsEndPoint.Port), cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static IPEndPoint EndPoint(IPAddr address, int port)
    {
        Span<byte> bytes = stackalloc byte[address.ByteCount];
        address.WriteBytes(bytes);
#pragma warning disable RS0030 // Nothing is parsed: the framework's sockets want their addresses so.
        return new IPEndPoint(new IPAddress(bytes), port);
#pragma warning restore RS0030
    }
}
