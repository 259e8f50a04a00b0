using System.Collections.Immutable;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Tracking;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Cluster;

/// <summary>
/// The peers as <see cref="PeerCheck"/> accepts them, from one round to the next. A node that changed is checked again with all whose
/// claims conflict with its claims, old or new, and with those that conflict with them; nothing else can have another outcome.
/// </summary>
/// <param name="nodeName">This node's name: it is no peer.</param>
internal sealed class PeerSelection(string nodeName)
{
    private readonly HashSet<string> irregular = new(StringComparer.Ordinal);
    private PeerIndex index = new();
    private ImmutableDictionary<string, ClusterNode> known = ImmutableDictionary<string, ClusterNode>.Empty;
    private ImmutableSortedDictionary<string, ValueArray<RefusedNode>> refused = Empty<RefusedNode>();
    private ImmutableSortedDictionary<string, ValueArray<string>> notes = Empty<string>();
    private (NetConf Network, LocalNode Self)? basis;

    /// <summary>The nodes without the refused data.</summary>
    public PeerMap Accepted { get; private set; } = PeerMap.Empty;

    /// <summary>The nodes that are left out, wholly or in part, and why; by name.</summary>
    public ValueArray<RefusedNode> Refused { get; private set; } = [];

    /// <summary>Values that are in force although the source no longer has them, a sentence each, sorted.</summary>
    public ValueArray<string> Notes { get; private set; } = [];

    /// <summary>The next update checks all nodes: the touched ones of an earlier round got lost.</summary>
    public void Forget() => basis = null;

    /// <summary>
    /// Checks what may have another outcome; returns the peers whose accepted data changed, and those that share a tunnel's end with them.
    /// </summary>
    /// <param name="network">The cluster's network.</param>
    /// <param name="self">This node.</param>
    /// <param name="nodes">All nodes.</param>
    /// <param name="touched">Those that changed since the last update.</param>
    public TouchedKeys<string> Update(
        NetConf network,
        LocalNode self,
        ImmutableDictionary<string, ClusterNode> nodes,
        TouchedKeys<string> touched
    )
    {
        var isWhole = touched.IsAll || basis is not { } last || last.Network != network || last.Self != self;
        basis = (network, self);
        var names = isWhole ? Reset(nodes) : Affected(nodes, touched.Keys);
        known = nodes;
        if (names.Count == 0)
            return TouchedKeys<string>.None;
        var check = new PeerCheck(network, self, Accepted);
        var outcome = check.Accept(names.Select(name => name == nodeName ? null : nodes.GetValueOrDefault(name)).OfType<ClusterNode>());
        Note(names, check, nodes);
        return Take(names, outcome);
    }

    private HashSet<string> Reset(ImmutableDictionary<string, ClusterNode> nodes)
    {
        index = new PeerIndex();
        irregular.Clear();
        foreach (var (name, node) in nodes)
        {
            if (name != nodeName)
                index.Add(node);
        }

        var names = new HashSet<string>(nodes.Keys, StringComparer.Ordinal);
        names.UnionWith(known.Keys);
        names.UnionWith(Accepted.Select(static peer => peer.Name));
        return names;
    }

    // With the irregular ones: which of their earlier values stays in force depends on the round before.
    private HashSet<string> Affected(ImmutableDictionary<string, ClusterNode> nodes, IReadOnlyCollection<string> touched)
    {
        foreach (var name in touched.Where(name => name != nodeName))
        {
            if (known.TryGetValue(name, out var before))
                index.Remove(before);
            if (nodes.TryGetValue(name, out var now))
                index.Add(now);
        }

        var names = new HashSet<string>(touched, StringComparer.Ordinal);
        names.UnionWith(irregular);
        var open = new Stack<string>(names.Where(name => name != nodeName));
        while (open.TryPop(out var name))
        {
            // A claim of the last round that was refused had no effect on another node.
            foreach (var claims in (ReadOnlySpan<ClusterNode?>)[Accepted.Find(name), nodes.GetValueOrDefault(name)])
            {
                if (claims is not null)
                    index.FindRivals(claims, Open);
            }
        }

        return names;

        void Open(string name)
        {
            if (names.Add(name))
                open.Push(name);
        }
    }

    private void Note(HashSet<string> names, PeerCheck check, ImmutableDictionary<string, ClusterNode> nodes)
    {
        irregular.ExceptWith(names);
        irregular.UnionWith(check.Irregular);
        var refusals = check.Refused.ToLookup(static node => node.Name, StringComparer.Ordinal);
        var remarks = check.Notes.ToLookup(static note => note.Name, static note => note.Text, StringComparer.Ordinal);
        var (newRefused, newNotes) = (refused.ToBuilder(), notes.ToBuilder());
        foreach (var name in names)
        {
            Set(newRefused, name, refusals[name].ToValueArray());
            Set(newNotes, name, (nodes.GetValueOrDefault(name)?.Notes ?? []).Concat(remarks[name]).ToValueArray());
        }

        if (Changes(ref refused, newRefused))
            Refused = refused.Values.SelectMany(static some => some).ToValueArray();
        if (Changes(ref notes, newNotes))
            Notes = notes.Values.SelectMany(static some => some).Order(StringComparer.Ordinal).ToValueArray();
    }

    private static void Set<T>(ImmutableSortedDictionary<string, ValueArray<T>>.Builder all, string name, ValueArray<T> some)
    {
        if (some.Count == 0)
            all.Remove(name);
        else
            all[name] = some;
    }

    private static bool Changes<T>(
        ref ImmutableSortedDictionary<string, ValueArray<T>> present,
        ImmutableSortedDictionary<string, ValueArray<T>>.Builder next
    )
    {
        var before = present;
        present = next.ToImmutable();
        return !ReferenceEquals(before, present);
    }

    private TouchedKeys<string> Take(HashSet<string> names, ValueArray<ClusterNode> outcome)
    {
        var next = outcome.ToDictionary(static peer => peer.Name, StringComparer.Ordinal);
        var changes = new List<(string Name, ClusterNode? Node)>();
        foreach (var name in names)
        {
            var now = next.GetValueOrDefault(name);
            if (Accepted.Find(name) != now)
                changes.Add((name, now));
        }

        if (changes.Count == 0)
            return TouchedKeys<string>.None;
        var touched = changes.Select(static change => change.Name).ToHashSet(StringComparer.Ordinal);
        touched.UnionWith(Sharers(changes, next, is6: false).Concat(Sharers(changes, next, is6: true)));
        Accepted = Accepted.With(changes);
        return TouchedKeys<string>.Of(touched);
    }

    // Two names of one machine share the FDB entry of its tunnel: what one of them no longer needs the other still does.
    private IEnumerable<string> Sharers(List<(string Name, ClusterNode? Node)> changes, Dictionary<string, ClusterNode> next, bool is6)
    {
        var ends = changes.Select(change => Accepted.Find(change.Name)?.Vtep(is6)?.Mac).Where(static mac => mac is not null).ToHashSet();
        return ends.Count == 0
            ? []
            : next.Values.Where(peer => peer.Vtep(is6) is { } vtep && ends.Contains(vtep.Mac)).Select(static peer => peer.Name);
    }

    private static ImmutableSortedDictionary<string, ValueArray<T>> Empty<T>() =>
        ImmutableSortedDictionary.Create<string, ValueArray<T>>(StringComparer.Ordinal);
}
