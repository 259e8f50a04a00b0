using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Daemon;

/// <summary>One attachment's leases: a client for each family that its config names.</summary>
internal sealed class LeaseHolder : IDisposable
{
    private readonly PodNetwork network;
    private readonly DhcpConfig config;

    private LeaseHolder(LeaseOrder order, DaemonOptions options)
    {
        Order = order;
        config = order.ReadConfig();
        var isOfProcess = order.NetNs.StartsWith("/proc/", StringComparison.Ordinal);
        network = new PodNetwork(new HostPaths(options.HostPrefix).Find(order.NetNs), isOfProcess, order.Owner.IfName);
    }

    /// <summary>Who wants the leases.</summary>
    public LeaseOrder Order { get; }

    /// <summary>The pod's hardware address.</summary>
    public MacAddress Hardware { get; private set; }

    /// <summary>The MTU of the pod's interface; 0: unknown.</summary>
    public int LinkMtu { get; private set; }

    /// <summary>The host's link to its network; empty: unknown.</summary>
    public string HostLinkName { get; private set; } = "";

    /// <summary>The connections that wait for them.</summary>
    public List<Connection> Waiting { get; } = [];

    /// <summary>The client of IPv4; null if the config does not name the family.</summary>
    public InetClient? Inet { get; private set; }

    /// <summary>The client of IPv6; null if the config does not name the family.</summary>
    public Inet6Client? Inet6 { get; private set; }

    /// <summary>The clients, one or two.</summary>
    public IReadOnlyList<FamilyClient> Clients { get; private set; } = [];

    /// <summary>True if each family has its lease.</summary>
    public bool IsComplete => Clients.Count > 0 && Clients.All(static each => each.IsComplete);

    /// <summary>An address by DHCP that the interface has; null: none yet.</summary>
    public IPPrefix? Held => Inet?.Held ?? Inet6?.Held;

    /// <summary>What the plugin reports; null if a lease is missing.</summary>
    public CniResult? Result
    {
        get
        {
            if (!IsComplete)
                return null;
            if (Inet is null || Inet6 is null)
                return Clients[0].Result;
            var (first, second) = (Inet.Result!, Inet6.Result!);
            return first with
            {
                IPs = [.. first.IPs, .. second.IPs],
                Dns = first.Dns with
                {
                    Nameservers = [.. first.Dns.Nameservers, .. second.Dns.Nameservers],
                    Search = [.. first.Dns.Search.Concat(second.Dns.Search).Distinct(StringComparer.OrdinalIgnoreCase)],
                },
            };
        }
    }

    private ClientParts Share(DaemonOptions options, LeaseEvents events) => new(this, network, config, options, events);

    /// <summary>Begins to look for leases.</summary>
    /// <exception cref="Exception">The namespace or the interface is missing, or the config is wrong.</exception>
    public static LeaseHolder Start(LeaseOrder order, DaemonOptions options, LeaseEvents events, long now)
    {
        var holder = new LeaseHolder(order, options);
        var parts = holder.Share(options, events);
        holder.Take(parts.Network.Examine());
        holder.Have(
            parts.Config.HasIPv4 ? InetClient.Start(parts, now) : null,
            parts.Config.HasIPv6 ? Inet6Client.Start(parts, now) : null
        );
        return holder;
    }

    /// <summary>Goes on with what another process has left; null if its file gives nothing.</summary>
    public static LeaseHolder? Adopt(LeaseRecord record, DaemonOptions options, LeaseEvents events, long now)
    {
        var order = new LeaseOrder(record.Owner, record.NetNs, record.Args, record.Config);
        var holder = new LeaseHolder(order, options) { Hardware = record.Hardware, HostLinkName = record.HostLink };
        var parts = holder.Share(options, events);
        var lease = parts.Config.HasIPv4 ? record.FindLease() : null;
        var lease6 = parts.Config.HasIPv6 ? record.FindLease6(parts.Config.IsStateless) : null;
        holder.Have(
            lease is null ? null : InetClient.Adopt(parts, lease, now),
            lease6 is null ? null : Inet6Client.Adopt(parts, lease6, record.LinkLocal, now)
        );
        return holder.Clients.Count > 0 ? holder : null;
    }

    /// <summary>
    /// Takes an attachment over whose leases another make of daemon held: servers are asked to confirm the addresses, which stay meanwhile.
    /// </summary>
    /// <returns>Null if the interface is not the one of the attachment, or does not have its addresses.</returns>
    /// <exception cref="Exception">The namespace or the interface is gone.</exception>
    public static LeaseHolder? Resume(CachedAttachment cached, DaemonOptions options, LeaseEvents events, long now)
    {
        var holder = new LeaseHolder(cached.Order, options);
        var parts = holder.Share(options, events);
        var facts = parts.Network.Examine();
        if (cached.Hardware is { } hardware && hardware != facts.Hardware || !cached.Addresses.All(parts.Network.HasAddress))
            return null;
        holder.Take(facts);
        holder.Have(
            cached.Address is { } first ? InetClient.Resume(parts, first, now) : null,
            cached.Address6 is { } second ? Inet6Client.Resume(parts, second, now) : null
        );
        return holder;
    }

    private void Have(InetClient? inet, Inet6Client? inet6)
    {
        (Inet, Inet6) = (inet, inet6);
        Clients = [.. new FamilyClient?[] { inet, inet6 }.OfType<FamilyClient>()];
    }

    private void Take(PodNetwork.Facts facts) => (Hardware, LinkMtu, HostLinkName) = (facts.Hardware, facts.Mtu, facts.HostLink);

    /// <summary>Why the pod's interface is not that of the lease any more, and whether that is for good; null if it is.</summary>
    public (string Reason, bool IsGone)? FindFault()
    {
        if (network.FindFault(Hardware, Held) is { } fault)
            return fault;
        if (LinkMtu == 0)
            Take(network.Examine());
        return null;
    }

    /// <summary>
    /// What a config asks for and the one of ADD did not, a sentence; null if nothing. A family that the config has lost is no fault: all
    /// that the result says is there, and DEL gives it back.
    /// </summary>
    public string? FindMissing(DhcpConfig now)
    {
        const string Advice = "restart the pod";
        return now.HasIPv4 && !config.HasIPv4 ? $"ipam.families has ipv4, and had not at ADD: {Advice}"
            : now.HasIPv6 && !config.HasIPv6 ? $"ipam.families has ipv6, and had not at ADD: {Advice}"
            : now is { HasIPv6: true, IsStateless: false } && config.IsStateless
                ? $"ipam.ipv6 is not stateless, and was at ADD, so there is no IPv6 address: {Advice}"
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var client in Clients)
            client.Dispose();
    }
}

/// <summary>What happens to a lease, for the daemon.</summary>
/// <param name="Held">A client has a lease: its first, a longer one, or another.</param>
/// <param name="Lost">It has none any more, for that reason, and looks for one.</param>
/// <param name="Failed">It has none, for that reason, and is done.</param>
/// <param name="Log">A line for the log.</param>
internal sealed record LeaseEvents(
    Action<LeaseHolder> Held,
    Action<LeaseHolder, string> Lost,
    Action<LeaseHolder, string> Failed,
    Action<string> Log
);
