using Plugboard.Addresses;
using Plugboard.Dhcp.Daemon;
using Plugboard.Dhcp.Gob;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp;

/// <summary>The <c>dhcp</c> IPAM plugin: it asks the daemon, which holds the leases.</summary>
internal sealed class DhcpPlugin : CniPlugin
{
    // Below the four minutes that kubelet waits for a pod's network, and above the daemon's own limit (-resendtimeout, 208 s).
    private static readonly TimeSpan AddLimit = TimeSpan.FromSeconds(225);
    private static readonly TimeSpan ShortLimit = TimeSpan.FromSeconds(15);

    private const string NoSuchMethod = "rpc: can't find method";

    /// <inheritdoc/>
    public override string Name => "dhcp";

    /// <inheritdoc/>
    public override CniResult Add(CniRequest request)
    {
        var config = DhcpConfig.Parse(request.Config, request.Args);
        NetworkNamespace.Open(request.NetNs).Dispose();
        var client = new DaemonClient(config.SocketPath);
        RequireFamilies(request, config, client);
        var reply = client.Call(ToCall(request, RpcMethod.Allocate), AddLimit);
        if (reply.Error.Length > 0)
            throw Refused(RpcMethod.Allocate, reply.Error, CniErrorCode.TryAgainLater);
        return reply.Result is { IPs.Count: > 0 } result ? result : throw Empty();
    }

    // Another daemon reads the config too, does not know the key, and would give an IPv4 address as if nothing else were asked for.
    private static void RequireFamilies(CniRequest request, DhcpConfig config, DaemonClient client)
    {
        if (!config.HasIPv6)
            return;
        var reply = client.Call(ToCall(request, RpcMethod.Families), ShortLimit);
        if (!reply.Error.StartsWith(NoSuchMethod, StringComparison.Ordinal))
            return;
        throw new CniException(
            CniErrorCode.PluginNotAvailable,
            $"the DHCP daemon at {config.SocketPath} gives IPv4 addresses alone, and ipam.families has ipv6",
            "it is the reference's, or an older one: restart \"dhcp daemon\" from this plugin's own file, or remove families"
        );
    }

    /// <summary>
    /// Releases the lease, whatever else: if the daemon is away, its next start does, and a daemon that is there but fails says so.
    /// </summary>
    public override void Del(CniRequest request)
    {
        var socketPath = DhcpConfig.FindSocketPath(request.Config);
        var client = new DaemonClient(socketPath);
        if (!client.IsPresent(out var reason))
        {
            Mark(request, socketPath, reason);
            // A daemon that has started in the meantime has read its files before the mark was there.
            if (!client.IsPresent(out _))
                return;
        }

        var reply = client.Call(ToCall(request, RpcMethod.Release), ShortLimit);
        if (reply.Error.Length > 0)
            throw Refused(RpcMethod.Release, reply.Error, CniErrorCode.TryAgainLater);
    }

    private static void Mark(CniRequest request, string socketPath, string reason)
    {
        var files = LeaseFiles.Of(socketPath);
        if (files.TryMark(request.Attachment))
            StandardError.WriteLine($"dhcp: {reason}: the daemon will release the lease when it starts");
        else
            StandardError.WriteLine($"dhcp: {reason}: no lease of {request.Attachment} in {files.Directory}");
    }

    /// <summary>
    /// Throws if the daemon has no valid lease. The reference's daemon has no such call: it is asked for the lease again.
    /// </summary>
    public override void Check(CniRequest request)
    {
        var config = DhcpConfig.Parse(request.Config, request.Args);
        NetworkNamespace.Open(request.NetNs).Dispose();
        var client = new DaemonClient(config.SocketPath);
        var reply = client.Call(ToCall(request, RpcMethod.Check), ShortLimit);
        if (reply.Error.StartsWith(NoSuchMethod, StringComparison.Ordinal))
        {
            RequireFamilies(request, config, client);
            reply = client.Call(ToCall(request, RpcMethod.Allocate), ShortLimit);
        }

        if (reply.Error.Length > 0)
            throw Refused(RpcMethod.Check, reply.Error, CniErrorCode.NotAsAdded);
        var addresses = (reply.Result ?? throw Empty()).IPs;
        if (request.FindPrevResult() is not { } before)
            return;
        foreach (var ip in addresses)
        {
            if (!before.IPs.Any(each => each.Address == ip.Address))
            {
                throw new CniException(
                    CniErrorCode.NotAsAdded,
                    $"dhcp: the lease is of {ip.Address}, which the result of ADD does not have",
                    "the server gave another address when the lease could not be extended: restart the pod"
                );
            }
        }
    }

    /// <summary>Has the leases of other attachments released, by a daemon of ours that is there.</summary>
    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid)
    {
        var client = new DaemonClient(DhcpConfig.FindSocketPath(request.Config));
        if (valid is null || !client.IsPresent(out _))
            return;
        var reply = client.Call(ToCall(request, RpcMethod.Collect), ShortLimit);
        if (reply.Error.Length > 0 && !reply.Error.StartsWith(NoSuchMethod, StringComparison.Ordinal))
            throw Refused(RpcMethod.Collect, reply.Error, CniErrorCode.TryAgainLater);
    }

    /// <inheritdoc/>
    public override void Status(CniRequest request)
    {
        var config = DhcpConfig.Parse(request.Config, request.Args);
        var client = new DaemonClient(config.SocketPath);
        if (!client.IsPresent(out var reason))
            throw new CniException(CniErrorCode.PluginNotAvailable, reason, "start \"dhcp daemon\" on the node");
        RequireFamilies(request, config, client);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Validate(CniRequest request) => DhcpConfig.Validate(request.Config, request.Args);

    private static RpcCall ToCall(CniRequest request, string method) =>
        new()
        {
            Method = method,
            ContainerId = request.ContainerId,
            // The daemon's working directory is another one.
            NetNs = request.NetNs.Length > 0 ? Path.GetFullPath(request.NetNs) : "",
            IfName = request.IfName,
            Args = request.Args,
            Path = request.Path,
            StdinData = request.StdinBytes,
        };

    // The message is the reference's, to the letter; what the client saw is the details'.
    private static CniException Refused(string method, string error, CniErrorCode code)
    {
        const string TimedOut = "no more tries";
        const string Log = "the log of \"dhcp daemon\" on the node says more";
        return error.StartsWith(TimedOut + ": ", StringComparison.Ordinal)
            ? new(code, $"error calling {method}: {TimedOut}", $"{error[(TimedOut.Length + 2)..]}; {Log}")
            : new(code, $"error calling {method}: {error}", Log);
    }

    private static CniException Empty() =>
        new(CniErrorCode.DecodingFailure, "the DHCP daemon's answer has no address", "the log of \"dhcp daemon\" on the node says more");
}
