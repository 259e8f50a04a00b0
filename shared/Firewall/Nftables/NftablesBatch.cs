using System.Text;
using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Netlink;
using Plugboard.Netlink.Uapi;
using static Plugboard.Firewall.Nftables.Uapi.NfTablesH;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// Changes that the kernel makes all at once or not at all. They are written in the order of the calls; <see cref="ToString"/> renders them
/// as an equivalent script for <c>nft -f</c>.
/// </summary>
public sealed class NftablesBatch
{
    // An attribute holds 65,535 bytes; an element is below 500.
    private const int LongestElementList = 60_000;

    private readonly NetlinkWriter writer = new();
    private readonly ExpressionWriter expressions;
    private readonly List<NftablesChange> changes = [];

    /// <summary>An empty batch.</summary>
    /// <param name="generation">The ruleset's generation, <see cref="NftablesClient.GetGeneration"/>, that it is for: where it is another
    /// by then the batch is refused (ERESTART, Linux 4.12). Null: any.</param>
    public NftablesBatch(uint? generation = null)
    {
        expressions = new ExpressionWriter(writer);
        WriteFrame(NfnetlinkH.NFNL_MSG_BATCH_BEGIN, generation);
    }

    /// <summary>True if it has no changes.</summary>
    public bool IsEmpty => changes.Count == 0;

    internal IReadOnlyList<NftablesChange> Changes => changes;

    internal NetlinkWriter End()
    {
        WriteFrame(NfnetlinkH.NFNL_MSG_BATCH_END);
        return writer;
    }

    /// <summary>Makes a table; one that is there stays, and is dormant no more.</summary>
    public void Add(Table table) => Add(table, table.IsGuarded ? NFT_TABLE_F_OWNER | Table.PersistFlag : 0);

    /// <summary>Creates a table that only the client can change, and that disappears with it (Linux 5.12).</summary>
    internal void AddOwned(Table table) => Add(table, NFT_TABLE_F_OWNER);

    private void Add(Table table, uint flags)
    {
        using var message = Begin(NFT_MSG_NEWTABLE, NftablesVerb.Add, table.Family, table);
        writer.WriteString(NFTA_TABLE_NAME, table.Name);
        writer.WriteUInt32BigEndian(NFTA_TABLE_FLAGS, flags);
        WriteComment(NFTA_TABLE_USERDATA, UserDataComment.InTable, table.Comment);
    }

    /// <summary>Removes a table with all that is in it.</summary>
    public void Delete(Table table)
    {
        using var message = Begin(NFT_MSG_DELTABLE, NftablesVerb.Delete, table.Family, table);
        writer.WriteString(NFTA_TABLE_NAME, table.Name);
    }

    /// <summary>Makes a chain; one that is there stays.</summary>
    public void Add(Chain chain)
    {
        using var message = Begin(NFT_MSG_NEWCHAIN, NftablesVerb.Add, chain.Table.Family, chain);
        writer.WriteString(NFTA_CHAIN_TABLE, chain.Table.Name);
        writer.WriteString(NFTA_CHAIN_NAME, chain.Name);
        if (chain.Hook is { } hook)
        {
            using (writer.Nested(NFTA_CHAIN_HOOK))
            {
                writer.WriteUInt32BigEndian(NFTA_HOOK_HOOKNUM, (uint)hook.Hook);
                writer.WriteUInt32BigEndian(NFTA_HOOK_PRIORITY, (uint)hook.Priority);
            }

            writer.WriteUInt32BigEndian(NFTA_CHAIN_POLICY, hook.DropsByDefault ? NF_DROP : (uint)NF_ACCEPT);
            writer.WriteString(NFTA_CHAIN_TYPE, hook.TypeWord);
        }

        WriteComment(NFTA_CHAIN_USERDATA, UserDataComment.InChain, chain.Comment);
    }

    /// <summary>Removes a chain, which must be empty and which nothing may jump to.</summary>
    public void Delete(Chain chain)
    {
        using var message = Begin(NFT_MSG_DELCHAIN, NftablesVerb.Delete, chain.Table.Family, chain);
        writer.WriteString(NFTA_CHAIN_TABLE, chain.Table.Name);
        writer.WriteString(NFTA_CHAIN_NAME, chain.Name);
    }

    /// <summary>Removes all rules of a chain.</summary>
    public void Flush(Chain chain)
    {
        using var message = Begin(NFT_MSG_DELRULE, NftablesVerb.Flush, chain.Table.Family, chain);
        writer.WriteString(NFTA_RULE_TABLE, chain.Table.Name);
        writer.WriteString(NFTA_RULE_CHAIN, chain.Name);
    }

    /// <summary>Puts a rule at the end of its chain.</summary>
    public void Add(Rule rule) => WriteRule(rule, NftablesVerb.Add, rule, 0);

    /// <summary>Puts a rule behind another, which must be there (ENOENT).</summary>
    public void Add(Rule rule, ListedRule after) => WriteRule(rule, NftablesVerb.Add, new PlacedRule(rule, after.Handle), after.Handle);

    /// <summary>Puts a rule at the start of its chain.</summary>
    public void Insert(Rule rule) => WriteRule(rule, NftablesVerb.Insert, rule, 0);

    /// <summary>Puts a rule before another, which must be there (ENOENT).</summary>
    public void Insert(Rule rule, ListedRule before) =>
        WriteRule(rule, NftablesVerb.Insert, new PlacedRule(rule, before.Handle), before.Handle);

    /// <summary>Puts a rule in the place of another, which must be there (ENOENT).</summary>
    public void Replace(ListedRule old, Rule rule) => WriteRule(rule, NftablesVerb.Replace, new PlacedRule(rule, old.Handle), old.Handle);

    private void WriteRule(Rule rule, NftablesVerb verb, object subject, ulong handle)
    {
        var table = rule.Chain.Table;
        var firstSet = WriteOwnSets(rule);
        var flags = verb switch
        {
            NftablesVerb.Add => NetlinkH.NLM_F_APPEND,
            NftablesVerb.Replace => NetlinkH.NLM_F_REPLACE,
            _ => 0,
        };
        using var message = Begin(NFT_MSG_NEWRULE, verb, table.Family, subject, flags);
        writer.WriteString(NFTA_RULE_TABLE, table.Name);
        writer.WriteString(NFTA_RULE_CHAIN, rule.Chain.Name);
        if (handle != 0)
            writer.WriteUInt64BigEndian(verb == NftablesVerb.Replace ? NFTA_RULE_HANDLE : NFTA_RULE_POSITION, handle);
        using (writer.Nested(NFTA_RULE_EXPRESSIONS))
        {
            var words = new RuleWriter(expressions, table.Family, firstSet);
            foreach (var statement in rule.Statements)
                statement.Write(words);
        }

        byte[] userData = rule.Comment.Length > 0 ? UserDataComment.Write(UserDataComment.InRule, rule.Comment) : [];
        userData = rule.Stamp?.AppendTo(userData) ?? userData;
        if (userData.Length > 0)
            writer.WriteBytes(NFTA_RULE_USERDATA, userData);
    }

    // The sets first, so that their numbers follow one another; then their elements. Returns the first's number.
    private uint WriteOwnSets(Rule rule)
    {
        var first = (uint)changes.Count + 1;
        var table = rule.Chain.Table;
        foreach (var statement in rule.Statements)
        {
            if (statement.OwnSet is not { } own)
                continue;
            using var message = Begin(NFT_MSG_NEWSET, NftablesVerb.Prepare, table.Family, rule);
            WriteSet(own.ToSet(table));
        }

        var id = first;
        foreach (var statement in rule.Statements)
        {
            if (statement.OwnSet is { } own)
                WriteOwnElements(rule, own, id++);
        }

        return first;
    }

    private void WriteOwnElements(Rule rule, AnonymousSet own, uint id)
    {
        var set = own.ToSet(rule.Chain.Table);
        for (var next = 0; next < own.Elements.Count; )
        {
            using var message = Begin(NFT_MSG_NEWSETELEM, NftablesVerb.Prepare, set.Table.Family, rule);
            writer.WriteString(NFTA_SET_ELEM_LIST_TABLE, set.Table.Name);
            writer.WriteString(NFTA_SET_ELEM_LIST_SET, set.Name);
            writer.WriteUInt32BigEndian(NFTA_SET_ELEM_LIST_SET_ID, id);
            next = WriteList(set, own.Elements, next, keyOnly: false);
        }
    }

    /// <summary>Removes one rule, of any author.</summary>
    public void Delete(ListedRule rule)
    {
        using var message = Begin(NFT_MSG_DELRULE, NftablesVerb.Delete, rule.Chain.Table.Family, rule);
        writer.WriteString(NFTA_RULE_TABLE, rule.Chain.Table.Name);
        writer.WriteString(NFTA_RULE_CHAIN, rule.Chain.Name);
        writer.WriteUInt64BigEndian(NFTA_RULE_HANDLE, rule.Handle);
    }

    /// <summary>Makes a set or map; one that is there stays with its elements.</summary>
    public void Add(Set set)
    {
        using var message = Begin(NFT_MSG_NEWSET, NftablesVerb.Add, set.Table.Family, set);
        WriteSet(set);
    }

    private void WriteSet(Set set)
    {
        writer.WriteString(NFTA_SET_TABLE, set.Table.Name);
        writer.WriteString(NFTA_SET_NAME, set.Name);
        SetWriter.WriteDescription(writer, set, (uint)changes.Count);
    }

    /// <summary>Removes a set or map with its elements; no rule may use it (EBUSY).</summary>
    public void Delete(Set set)
    {
        using var message = Begin(NFT_MSG_DELSET, NftablesVerb.Delete, set.Table.Family, set);
        writer.WriteString(NFTA_SET_TABLE, set.Table.Name);
        writer.WriteString(NFTA_SET_NAME, set.Name);
    }

    /// <summary>Removes all elements of a set or map.</summary>
    public void Flush(Set set)
    {
        using var message = Begin(NFT_MSG_DELSETELEM, NftablesVerb.Flush, set.Table.Family, set);
        writer.WriteString(NFTA_SET_ELEM_LIST_TABLE, set.Table.Name);
        writer.WriteString(NFTA_SET_ELEM_LIST_SET, set.Name);
    }

    /// <summary>Adds elements; one that is there already with the same data stays as it is.</summary>
    public void Add(Set set, params IReadOnlyList<SetElement> elements) => WriteElements(set, elements, NftablesVerb.Add);

    /// <summary>Adds elements whose keys must be absent (EEXIST).</summary>
    public void Create(Set set, params IReadOnlyList<SetElement> elements) => WriteElements(set, elements, NftablesVerb.Create);

    /// <summary>Removes elements, which must be there (ENOENT).</summary>
    public void Delete(Set set, params IReadOnlyList<SetElement> elements) => WriteElements(set, elements, NftablesVerb.Delete);

    /// <summary>
    /// Lets an element of a set with timeouts expire with the next tick of the kernel's clock (Linux 6.12; an older kernel ignores it
    /// silently). A deleted element must outlive its concurrent readers, and until then, 4 to 25 ms, the kernel blocks each close of a
    /// netfilter socket and each removal of a link; an expired element is removed later, without blocking.
    /// </summary>
    /// <param name="set">The set.</param>
    /// <param name="element">The element as the kernel has it, with its value.</param>
    public void Expire(Set set, SetElement element) =>
        Add(set, element with { Timeout = TimeSpan.FromMilliseconds(1), Expires = TimeSpan.FromMilliseconds(1), Comment = "" });

    private void WriteElements(Set set, IReadOnlyList<SetElement> elements, NftablesVerb verb)
    {
        for (var next = 0; next < elements.Count; )
            next = WriteElementList(set, elements, next, verb);
    }

    // Returns where the next list begins.
    private int WriteElementList(Set set, IReadOnlyList<SetElement> elements, int first, NftablesVerb verb)
    {
        var type = verb == NftablesVerb.Delete ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM;
        var exclusive = verb == NftablesVerb.Create ? NetlinkH.NLM_F_EXCL : (ushort)0;
        var part = new ElementList(set, elements, first);
        using var message = Begin(type, verb, set.Table.Family, part, exclusive);
        writer.WriteString(NFTA_SET_ELEM_LIST_TABLE, set.Table.Name);
        writer.WriteString(NFTA_SET_ELEM_LIST_SET, set.Name);
        var next = WriteList(set, elements, first, keyOnly: verb == NftablesVerb.Delete);
        part.Count = next - first;
        return next;
    }

    private int WriteList(Set set, IReadOnlyList<SetElement> elements, int first, bool keyOnly)
    {
        using var list = writer.Nested(NFTA_SET_ELEM_LIST_ELEMENTS);
        var element = new ElementWriter(writer, set);
        var start = writer.Length;
        var next = first;
        while (next < elements.Count && writer.Length - start < LongestElementList)
            element.Write(elements[next++], keyOnly);
        return next;
    }

    private NetlinkWriter.MessageScope Begin(ushort type, NftablesVerb verb, NftFamily family, object subject, int flags = 0)
    {
        changes.Add(new NftablesChange(verb, subject));
        if (type is NFT_MSG_NEWTABLE or NFT_MSG_NEWCHAIN or NFT_MSG_NEWRULE or NFT_MSG_NEWSET or NFT_MSG_NEWSETELEM)
            flags |= NetlinkH.NLM_F_CREATE;
        var message = writer.Message((ushort)(NfnetlinkH.NFNL_SUBSYS_NFTABLES << 8 | type), (ushort)(NetlinkH.NLM_F_REQUEST | flags));
        writer.WriteStruct(new NfGenMsg { nfgen_family = (byte)family });
        return message;
    }

    private void WriteFrame(ushort type, uint? generation = null)
    {
        using var message = writer.Message(type, NetlinkH.NLM_F_REQUEST);
        // Network order.
        writer.WriteStruct(new NfGenMsg { res_id = (ushort)(NfnetlinkH.NFNL_SUBSYS_NFTABLES << 8) });
        if (generation is { } number)
            writer.WriteUInt32BigEndian(NfnetlinkH.NFNL_BATCH_GENID, number);
    }

    private void WriteComment(ushort type, byte place, string comment)
    {
        if (comment.Length > 0)
            writer.WriteBytes(type, UserDataComment.Write(place, comment));
    }

    /// <summary>The changes as a script for <c>nft -f</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var change in changes)
        {
            if (change.Verb != NftablesVerb.Prepare)
                text.Append(change).Append('\n');
        }

        return text.ToString();
    }
}
