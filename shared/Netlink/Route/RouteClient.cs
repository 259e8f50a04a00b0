using Plugboard.Linux;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Netlink.Route;

/// <summary>
/// Links, addresses, routes, rules and neighbours of one network namespace, through one socket that stays in it whichever thread uses it.
/// Not for two threads at once. Source: rtnetlink(7).
/// </summary>
public sealed class RouteClient : IDisposable
{
    private readonly NetlinkSocket socket;
    private LinkTable? links;
    private AddressTable? addresses;
    private RouteTable? routes;
    private RuleTable? rules;
    private NeighbourTable? neighbours;
    private FdbTable? fdb;
    private BridgeVlanTable? bridgeVlans;
    private NetconfTable? netconf;
    private NamespaceTable? namespaces;
    private QdiscTable? qdiscs;
    private ClassTable? classes;
    private FilterTable? filters;

    internal RouteClient(NetlinkSocket socket) => this.socket = socket;

    /// <summary>The number the kernel knows this client by in its namespace: <see cref="RouteChange.PortId"/> of what it changed.</summary>
    public uint PortId => socket.PortId;

    /// <summary>The links.</summary>
    public LinkTable Links => links ??= new LinkTable(socket);

    /// <summary>The links' addresses.</summary>
    public AddressTable Addresses => addresses ??= new AddressTable(socket);

    /// <summary>The routes.</summary>
    public RouteTable Routes => routes ??= new RouteTable(socket);

    /// <summary>The rules that choose a routing table.</summary>
    public RuleTable Rules => rules ??= new RuleTable(socket);

    /// <summary>The neighbours: ARP and NDP.</summary>
    public NeighbourTable Neighbours => neighbours ??= new NeighbourTable(socket);

    /// <summary>The FDBs of VXLAN devices and bridges.</summary>
    public FdbTable Fdb => fdb ??= new FdbTable(socket);

    /// <summary>The VLANs of bridges and their ports.</summary>
    public BridgeVlanTable BridgeVlans => bridgeVlans ??= new BridgeVlanTable(socket);

    /// <summary>Settings that are also below /proc/sys/net.</summary>
    public NetconfTable Netconf => netconf ??= new NetconfTable(socket);

    /// <summary>The numbers of other namespaces.</summary>
    public NamespaceTable Namespaces => namespaces ??= new NamespaceTable(socket);

    /// <summary>The links' queueing disciplines.</summary>
    public QdiscTable Qdiscs => qdiscs ??= new QdiscTable(socket);

    /// <summary>The queueing disciplines' classes.</summary>
    public ClassTable Classes => classes ??= new ClassTable(socket);

    /// <summary>The queueing disciplines' filters.</summary>
    public FilterTable Filters => filters ??= new FilterTable(socket);

    /// <summary>Opens a client in the calling thread's namespace.</summary>
    /// <exception cref="ErrnoException">No more files can be opened.</exception>
    public static RouteClient Open() => new(NetlinkSocket.Open(NetlinkProtocol.Route, new RouteDialect()));

    /// <summary>
    /// Opens a client in a namespace, on a thread of its own that enters it. A process of one thread saves the thread by
    /// <see cref="NetworkNamespace.Enter"/> and <see cref="Open()"/>.
    /// </summary>
    /// <exception cref="ErrnoException">The namespace cannot be entered (EPERM), or no more files can be opened.</exception>
    public static RouteClient Open(NetworkNamespace ns) => NamespaceThread.Run(ns, Open);

    /// <summary>Sends many changes in few system calls, each done or refused by itself, in their order.</summary>
    /// <param name="batch">The changes; it can be executed again.</param>
    /// <returns>What was refused, in the order of the batch; empty: all was done. To remove what is gone already is no refusal.</returns>
    /// <exception cref="ErrnoException">ENOBUFS: the kernel had no memory for its answers, so what was done is not known.</exception>
    public IReadOnlyList<RouteRefusal> TryExecute(RouteBatch batch)
    {
        if (batch.Count == 0)
            return [];
        var refusals = new List<RouteRefusal>();
        foreach (var (place, error) in socket.TryExecuteEach(batch.Requests))
        {
            if (batch.Describe(place, error) is { } refusal)
                refusals.Add(refusal);
        }

        return refusals;
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
