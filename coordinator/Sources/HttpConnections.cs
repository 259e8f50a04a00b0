using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Plugboard.Addresses;
using Plugboard.Coordinator.Sources.Tls;
using Plugboard.Linux.Names;

namespace Plugboard.Coordinator.Sources;

/// <summary>
/// Connections to servers by name: names are resolved by <see cref="HostNames"/>, which a static executable can, each of a name's addresses
/// is tried, and a server that vanished without a word is noticed within half a minute.
/// </summary>
/// <param name="open">Opens an unconnected socket of a family (true: IPv6); null: in the process's own network namespace.</param>
internal sealed class HttpConnections(Func<bool, Socket>? open = null)
{
    private const int KeepAliveSeconds = 10;
    private const int KeepAliveInterval = 5;
    private const int KeepAliveCount = 3;

    // For one address, and for name servers, addresses and TLS together.
    private static readonly TimeSpan addressTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan alertTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan connectTime = HostNames.LongestTime + 2 * addressTime;

    private readonly ConcurrentDictionary<string, bool> resolving = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A handler that uses these connections: no proxy, no cookies, no redirects.</summary>
    public SocketsHttpHandler CreateHandler(TlsSide tls)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            ConnectTimeout = connectTime,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        };
        tls.Apply(handler.SslOptions);
        return handler;
    }

    /// <summary>True while the name is being looked up.</summary>
    public bool IsResolving(string name) => resolving.ContainsKey(name);

    private ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation) =>
        ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation);

    /// <summary>
    /// Finds why a server ended a TLS connection at once. In TLS 1.3 the server checks the client certificate when this side already
    /// considers the connection open and has sent its request; the server's alert is then usually lost with the connection. So another
    /// connection is made, on which nothing is sent.
    /// </summary>
    /// <param name="server">The server.</param>
    /// <param name="tls">This side's authorities and certificate.</param>
    /// <param name="e">The exception.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The second connection's exception, if it says more; else <paramref name="e"/>.</returns>
    public async Task<Exception> FindAlertAsync(Uri server, TlsSide tls, Exception e, CancellationToken cancellation)
    {
        if (server.Scheme != Uri.UriSchemeHttps || !ConnectionFailure.IsReset(e))
            return e;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(alertTime);
        try
        {
            var options = new SslClientAuthenticationOptions { TargetHost = server.IdnHost };
            tls.Apply(options);
            var stream = new SslStream(await ConnectAsync(server.IdnHost, server.Port, limit.Token).ConfigureAwait(false));
            await using var closing = stream.ConfigureAwait(false);
            await stream.AuthenticateAsClientAsync(options, limit.Token).ConfigureAwait(false);
            _ = await stream.ReadAsync(new byte[1], limit.Token).ConfigureAwait(false);
            return e;
        }
        catch (Exception again) when (again is IOException or AuthenticationException && !ConnectionFailure.IsReset(again))
        {
            return again;
        }
        catch (Exception again)
            when (again is IOException or AuthenticationException or SocketException or HttpRequestException or OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            return e;
        }
    }

    private async ValueTask<Stream> ConnectAsync(string name, int port, CancellationToken cancellation)
    {
        var lookup = await ResolveAsync(name, cancellation).ConfigureAwait(false);
        if (lookup.Addresses.Count == 0)
            throw new HttpRequestException(HttpRequestError.NameResolutionError, $"{name} cannot be resolved: {lookup.Failure}");
        var failures = new List<(IPAddr Address, SocketException Why)>();
        foreach (var address in lookup.Addresses)
        {
            try
            {
                return await ConnectAsync(EndPoint(address, port), address.Is6, cancellation).ConfigureAwait(false);
            }
            catch (SocketException e)
            {
                failures.Add((address, e));
            }
        }

        if (failures.Count == 1)
            throw failures[0].Why;
        throw new HttpRequestException(
            HttpRequestError.ConnectionError,
            string.Join("; ", failures.Select(static failure => $"{failure.Address}: {failure.Why.Message}"))
        );
    }

    // Lookups run on a thread that may wait, longer than the caller does.
    private Task<NameLookup> ResolveAsync(string name, CancellationToken cancellation)
    {
        resolving[name] = true;
        return Task.Run(
            () =>
            {
                try
                {
                    return HostNames.Resolve(name);
                }
                finally
                {
                    resolving.TryRemove(name, out _);
                }
            },
            cancellation
        );
    }

    private async ValueTask<Stream> ConnectAsync(IPEndPoint to, bool is6, CancellationToken cancellation)
    {
        var socket = open is null
            ? new Socket(is6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            : open(is6);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(addressTime);
        try
        {
            socket.NoDelay = true;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveInterval);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveCount);
            await socket.ConnectAsync(to, limit.Token).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
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
