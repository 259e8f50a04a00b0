using System.Text;
using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Uapi;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// The nftables of one network namespace, spoken to without a process. Not for two threads at once. Source:
/// include/uapi/linux/netfilter/nf_tables.h; net/netfilter/nf_tables_api.c.
/// </summary>
public sealed class NftablesClient : IDisposable
{
    private readonly NetlinkSocket socket;

    internal NftablesClient(NetlinkSocket socket) => this.socket = socket;

    /// <summary>
    /// The number the kernel knows this client by in its namespace: <see cref="NftablesTransaction.PortId"/> of what it changed.
    /// </summary>
    public uint PortId => socket.PortId;

    /// <summary>Opens a client in the calling thread's namespace.</summary>
    /// <exception cref="NftablesMissingException">The kernel has no nf_tables.</exception>
    /// <exception cref="ErrnoException">No more files can be opened.</exception>
    public static NftablesClient Open()
    {
        NftablesClient? client = null;
        try
        {
            client = new NftablesClient(NetlinkSocket.Open(NetlinkProtocol.Netfilter, new NftablesDialect()));
            // A netfilter without nf_tables does not know the question: EINVAL.
            client.GetGeneration();
            return client;
        }
        catch (ErrnoException e) when (e.Errno is Errno.EINVAL or Errno.EPROTONOSUPPORT or Errno.EAFNOSUPPORT or Errno.EOPNOTSUPP)
        {
            client?.Dispose();
            throw new NftablesMissingException(e);
        }
    }

    /// <summary>Opens a client in the calling thread's namespace; null if the kernel has no nf_tables.</summary>
    /// <exception cref="ErrnoException">No more files can be opened.</exception>
    public static NftablesClient? Find()
    {
        try
        {
            return Open();
        }
        catch (NftablesMissingException)
        {
            return null;
        }
    }

    /// <summary>Opens a client in a namespace, on a thread of its own that enters it.</summary>
    /// <exception cref="NftablesMissingException">The kernel has no nf_tables.</exception>
    /// <exception cref="ErrnoException">The namespace cannot be entered.</exception>
    public static NftablesClient Open(NetworkNamespace ns) => NamespaceThread.Run(ns, Open);

    /// <summary>Does all of a batch or nothing.</summary>
    /// <exception cref="NftablesException">The kernel refused something; nothing was done.</exception>
    public void Commit(NftablesBatch batch)
    {
        var failures = TryCommit(batch);
        if (failures.Count > 0)
            throw new NftablesException(failures);
    }

    /// <summary>Commits a batch, all or nothing. Returns the refused changes; empty: it is committed.</summary>
    /// <param name="batch">The changes; it can be committed once.</param>
    public IReadOnlyList<NftablesFailure> TryCommit(NftablesBatch batch)
    {
        if (batch.IsEmpty)
            return [];
        var refused = socket.TryExecuteBatch(batch.End());
        if (refused.Count == 0)
            return [];
        var failures = new NftablesFailure[refused.Count];
        for (var i = 0; i < failures.Length; i++)
            failures[i] = Describe(batch, refused[i].Place, refused[i].Error);
        return failures;
    }

    private static NftablesFailure Describe(NftablesBatch batch, int place, NetlinkError error)
    {
        if (place == 0)
            return new NftablesFailure(batch.ToString().TrimEnd('\n').Replace("\n", "; "), null, error);
        var change = batch.Changes[place - 1];
        return new NftablesFailure(change.ToString(), change.Subject is ElementList list ? (list.Set, list.ToArray()) : null, error);
    }

    /// <summary>The rules of a table in the order of their chains; empty if there is no such table.</summary>
    public IReadOnlyList<ListedRule> ListRules(Table table) => ListRules(table, chain: null);

    /// <summary>The rules of a chain in their order; empty if there is no such chain.</summary>
    public IReadOnlyList<ListedRule> ListRules(Chain chain) => ListRules(chain.Table, chain.Name);

    /// <summary>
    /// The rules of a table, read by the caller's own parser, for attributes that <see cref="ListedRule"/> does not have; empty if the
    /// table is absent.
    /// </summary>
    internal IReadOnlyList<T> ReadRules<T>(Table table, NetlinkSocket.Parser<T?> read)
        where T : class => DumpRules(table, chain: null, read);

    private IReadOnlyList<ListedRule> ListRules(Table table, string? chain) => DumpRules(table, chain, rule => Find(rule, table, chain));

    /// <summary>
    /// The rules of a chain in which one of some texts of bytes is, wherever and whatever it means there, each with what it says; empty if
    /// there is no such chain.
    /// </summary>
    internal IReadOnlyList<RuleContent> ListContents(Chain chain, byte[][] texts) =>
        DumpRules(chain.Table, chain.Name, rule => HasAny(rule.Payload, texts) ? Content(rule, chain.Table, chain.Name) : null);

    private static bool HasAny(ReadOnlySpan<byte> text, byte[][] parts)
    {
        foreach (var part in parts)
        {
            if (text.IndexOf(part) >= 0)
                return true;
        }

        return false;
    }

    /// <summary>The packets that the counters of a table's rules have counted, by chain; empty if there is no such table.</summary>
    public IReadOnlyDictionary<string, ulong> CountPackets(Table table)
    {
        var counts = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (var rule in ReadRules(table, RuleCounters.Read))
            counts[rule.Chain] = counts.GetValueOrDefault(rule.Chain) + rule.Packets;
        return counts;
    }

    /// <summary>The rules of a table in the order of their chains, each with what it says; empty if there is no such table.</summary>
    public IReadOnlyList<RuleContent> ListContents(Table table) => ListContents(table, chain: null);

    /// <summary>The rules of a chain in their order, each with what it says; empty if there is no such chain.</summary>
    public IReadOnlyList<RuleContent> ListContents(Chain chain) => ListContents(chain.Table, chain.Name);

    private IReadOnlyList<RuleContent> ListContents(Table table, string? chain) =>
        DumpRules(table, chain, rule => Content(rule, table, chain));

    private static RuleContent? Content(NetlinkMessage rule, Table table, string? chain) =>
        Find(rule, table, chain) is { } found ? ExpressionReader.Read(rule, found) : null;

    // Old kernels ignore a request's chain and send the rules of all.
    private static ListedRule? Find(NetlinkMessage rule, Table table, string? chain) =>
        NftablesReader.Rule(rule, table) is { } read && (chain is null || read.Chain.Name == chain) ? read : null;

    private IReadOnlyList<T> DumpRules<T>(Table table, string? chain, NetlinkSocket.Parser<T?> read)
        where T : class
    {
        var request = Request(NFT_MSG_GETRULE, table.Family, NetlinkH.NLM_F_DUMP, out var message);
        request.WriteString(NFTA_RULE_TABLE, table.Name);
        if (chain is not null)
            request.WriteString(NFTA_RULE_CHAIN, chain);
        message.Dispose();
        return socket.Dump(request, () => $"rules of {table}", read, Errno.ENOENT);
    }

    /// <summary>The table as the kernel has it, with its flags and owner; null if there is no such table.</summary>
    public Table? Find(Table table)
    {
        var request = Request(NFT_MSG_GETTABLE, table.Family, 0, out var message);
        request.WriteString(NFTA_TABLE_NAME, table.Name);
        message.Dispose();
        return socket.Find(request, table.ToString, Errno.ENOENT, static answer => NftablesReader.Table(answer));
    }

    /// <summary>The chain as the kernel has it; null if there is no such chain.</summary>
    public Chain? Find(Chain chain)
    {
        if (!CanBe(chain))
            return null;
        var request = Request(NFT_MSG_GETCHAIN, chain.Table.Family, 0, out var message);
        request.WriteString(NFTA_CHAIN_TABLE, chain.Table.Name);
        request.WriteString(NFTA_CHAIN_NAME, chain.Name);
        message.Dispose();
        return socket.Find(request, chain.ToString, Errno.ENOENT, answer => NftablesReader.Chain(answer, chain.Table));
    }

    /// <summary>True if there is such a table.</summary>
    public bool Has(Table table)
    {
        var request = Request(NFT_MSG_GETTABLE, table.Family, 0, out var message);
        request.WriteString(NFTA_TABLE_NAME, table.Name);
        message.Dispose();
        return socket.Find(request, table.ToString, Errno.ENOENT, static _ => "") is not null;
    }

    /// <summary>True if there is such a chain.</summary>
    public bool Has(Chain chain)
    {
        if (!CanBe(chain))
            return false;
        var request = Request(NFT_MSG_GETCHAIN, chain.Table.Family, 0, out var message);
        request.WriteString(NFTA_CHAIN_TABLE, chain.Table.Name);
        request.WriteString(NFTA_CHAIN_NAME, chain.Name);
        message.Dispose();
        return socket.Find(request, chain.ToString, Errno.ENOENT, static _ => "") is not null;
    }

    // The kernel refuses a longer name (ERANGE): the reference's have the container's id in them.
    private static bool CanBe(Chain chain) => Encoding.UTF8.GetByteCount(chain.Name) < NFT_CHAIN_MAXNAMELEN;

    /// <summary>All elements of a set; empty if there is no such set.</summary>
    public IReadOnlyList<SetElement> ListElements(Set set)
    {
        var request = Request(NFT_MSG_GETSETELEM, set.Table.Family, NetlinkH.NLM_F_DUMP, out var message);
        request.WriteString(NFTA_SET_ELEM_LIST_TABLE, set.Table.Name);
        request.WriteString(NFTA_SET_ELEM_LIST_SET, set.Name);
        message.Dispose();
        var elements = new List<SetElement>();
        // The kernel restarts its walk of a hash that grows meanwhile, and does not say so (nft_set_hash.c, nft_rhash_walk: -EAGAIN):
        // elements appear twice.
        var seen = new HashSet<SetElement>(new ElementKeys());
        foreach (
            var part in socket.Dump(request, () => $"elements of {set}", static answer => NftablesReader.Elements(answer), Errno.ENOENT)
        )
        {
            foreach (var element in part)
            {
                if (seen.Add(element))
                    elements.Add(element);
            }
        }

        return set.IsOfRanges ? IntervalEnds.Join(elements) : elements;
    }

    /// <summary>The element with a key as the kernel has it; null if it, the set or the table is not there.</summary>
    public SetElement? Find(Set set, SetElement key)
    {
        if (set.IsOfRanges)
            return FindRange(set, key);
        var request = Request(NFT_MSG_GETSETELEM, set.Table.Family, 0, out var message);
        request.WriteString(NFTA_SET_ELEM_LIST_TABLE, set.Table.Name);
        request.WriteString(NFTA_SET_ELEM_LIST_SET, set.Name);
        using (request.Nested(NFTA_SET_ELEM_LIST_ELEMENTS))
            new ElementWriter(request, set).Write(key, keyOnly: true);
        message.Dispose();
        return socket.Find(
            request,
            () => $"element {key.Describe(set)} of {set}",
            Errno.ENOENT,
            static answer => NftablesReader.Elements(answer) is { Count: > 0 } elements ? elements[0] : null
        );
    }

    // The kernel finds the range that a key lies in, and of that the beginning only.
    private SetElement? FindRange(Set set, SetElement key)
    {
        foreach (var range in ListElements(set))
        {
            if (range.HasKeyOf(key))
                return range;
        }

        return null;
    }

    /// <summary>All tables of all families.</summary>
    public IReadOnlyList<Table> ListTables()
    {
        var request = Request(NFT_MSG_GETTABLE, 0, NetlinkH.NLM_F_DUMP, out var message);
        message.Dispose();
        return socket.Dump(request, static () => "tables", static answer => NftablesReader.Table(answer));
    }

    /// <summary>The chains of a table; empty if there is no such table.</summary>
    public IReadOnlyList<Chain> ListChains(Table table)
    {
        var request = Request(NFT_MSG_GETCHAIN, table.Family, NetlinkH.NLM_F_DUMP, out var message);
        message.Dispose();
        return socket.Dump(request, () => $"chains of {table}", answer => NftablesReader.Chain(answer, table), Errno.ENOENT);
    }

    /// <summary>
    /// The sets and maps of a table that have names; empty if there is no such table. Fields of types that <see cref="DataType"/> has no
    /// name for have none.
    /// </summary>
    public IReadOnlyList<Set> ListSets(Table table)
    {
        var request = Request(NFT_MSG_GETSET, table.Family, NetlinkH.NLM_F_DUMP, out var message);
        request.WriteString(NFTA_SET_TABLE, table.Name);
        message.Dispose();
        return socket.Dump(request, () => $"sets of {table}", answer => NftablesReader.Set(answer, table), Errno.ENOENT);
    }

    /// <summary>
    /// The sets and maps of a table that have names, with all that decides what they can hold; empty if there is no such table.
    /// </summary>
    internal IReadOnlyList<ListedSet> ListLayouts(Table table)
    {
        var request = Request(NFT_MSG_GETSET, table.Family, NetlinkH.NLM_F_DUMP, out var message);
        request.WriteString(NFTA_SET_TABLE, table.Name);
        message.Dispose();
        return socket.Dump(
            request,
            () => $"sets of {table}",
            answer =>
                NftablesReader.Set(answer, table) is { } set ? new ListedSet(set, ListedSet.Describe(answer.Attributes<NfGenMsg>())) : null,
            Errno.ENOENT
        );
    }

    /// <summary>The number of the namespace's ruleset, another one after each change.</summary>
    public uint GetGeneration()
    {
        var request = Request(NFT_MSG_GETGEN, 0, 0, out var message);
        message.Dispose();
        var number = socket.Find<object>(
            request,
            static () => "generation",
            Errno.None,
            static answer => NftablesReader.Generation(answer)
        );
        return (uint)number!;
    }

    private NetlinkWriter Request(ushort type, NftFamily family, ushort flags, out NetlinkWriter.MessageScope message)
    {
        var request = socket.NewRequest();
        message = request.Message((ushort)(NfnetlinkH.NFNL_SUBSYS_NFTABLES << 8 | type), (ushort)(NetlinkH.NLM_F_REQUEST | flags));
        request.WriteStruct(new NfGenMsg { nfgen_family = (byte)family });
        return request;
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
