using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Nftables;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Linux;
using Plugboard.Netlink.Conntrack;

namespace Plugboard.Coordinator.Policy.Flows;

/// <summary>
/// Ends connections that policy forbids although they exist, and lets them go on if it allows them again. The kernel's flows are compared
/// with the compiled rules; a flow that they forbid gets a bit of its labels, which the table's first rule asks for. For one thread.
/// </summary>
/// <param name="clock">The clock.</param>
internal sealed class EstablishedFlows(TimeProvider clock) : IDisposable
{
    private const int MostLines = 10;
    private const int MostAttempts = 10;

    // Of the time, the part that comparing takes at most while policies change without a pause.
    private const int PausesPerComparison = 10;
    private static readonly TimeSpan leastPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan longestPause = TimeSpan.FromMilliseconds(500);

    private readonly TouchedAddresses touched = new();
    private ConntrackClient? client;
    private ITimer? timer;
    private (long Ended, TimeSpan Pause)? last;
    private bool isPending = true;

    // An earlier run may have cut some.
    private bool mayHaveCut = true;

    /// <summary>Called when a comparison is due that had to wait, on another thread.</summary>
    public Action? Wake { get; set; }

    /// <summary>How many were cut.</summary>
    public long CutCount { get; private set; }

    /// <summary>Why connections that exist are not compared, a sentence; null: they are.</summary>
    public string? Obstacle { get; private set; }

    /// <summary>Notes a change of the rules.</summary>
    /// <param name="delta">The change.</param>
    /// <param name="canForbid">True if one more element of a set may forbid a connection.</param>
    public void Note(PolicyDelta delta, Func<PolicySet, bool> canForbid)
    {
        if (!MayForbid(delta, canForbid) && (!mayHaveCut || delta.IsEmpty))
            return;
        isPending = true;
        touched.Touch(delta);
    }

    /// <summary>Notes that nothing is known of the flows.</summary>
    public void NoteAll()
    {
        isPending = true;
        touched.TouchAll();
    }

    // A pod that gets other policies, or an address that leaves a set, may; one more peer only where a rule denies or passes.
    private static bool MayForbid(PolicyDelta delta, Func<PolicySet, bool> canForbid) =>
        delta.Elements.Any(change =>
            change.Set.Kind == PolicySetKind.Profiles
            || change.Elements.Any(static element => element.After is null)
            || canForbid(change.Set)
        );

    /// <summary>Compares, if something was noted and the last comparison is long enough ago; else <see cref="Wake"/> is called.</summary>
    /// <param name="rules">The rules that the kernel has now.</param>
    /// <param name="own">This node's addresses: what it sends and receives is not judged.</param>
    public SyncOutcome Compare(Func<PolicyTable> rules, Func<IEnumerable<IPAddr>> own)
    {
        if (!isPending || Obstacle is not null)
            return SyncOutcome.Steady;
        if (last is { } before && before.Pause - clock.GetElapsedTime(before.Ended) is var rest && rest > TimeSpan.Zero)
        {
            timer ??= clock.CreateTimer(_ => Wake?.Invoke(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            timer.Change(rest, Timeout.InfiniteTimeSpan);
            return SyncOutcome.Steady;
        }

        var began = clock.GetTimestamp();
        isPending = false;
        try
        {
            return CompareNow(rules(), own().ToHashSet());
        }
        catch (ErrnoException e) when (e.Errno is Errno.EPROTONOSUPPORT or Errno.EAFNOSUPPORT or Errno.EOPNOTSUPP or Errno.EINVAL)
        {
            Obstacle = $"{e.Message}; connections that a policy forbids go on until they end";
            return SyncOutcome.Steady;
        }
        catch (ErrnoException e)
        {
            // The socket may still have answers to what failed.
            client?.Dispose();
            client = null;
            NoteAll();
            return new SyncOutcome([], [$"established connections are not compared: {e.Message}"]);
        }
        finally
        {
            var pause = clock.GetElapsedTime(began) * PausesPerComparison;
            last = (
                clock.GetTimestamp(),
                pause < leastPause ? leastPause
                : pause > longestPause ? longestPause
                : pause
            );
        }
    }

    private SyncOutcome CompareNow(PolicyTable table, IReadOnlySet<IPAddr> own)
    {
        client ??= ConntrackClient.Open();
        var rules = new TableEvaluator(table);
        var areCut = false;
        var (judged4, judged6) = (FindJudged(table, is6: false), FindJudged(table, is6: true));
        var wrong = ListFlows(
            (in original, in reply, labels) =>
            {
                var isCut = (labels >> PolicyRules.CutLabel & 1) != 0;
                areCut |= isCut;
                if (!touched.Concerns(original.Source, reply.Source))
                    return false;
                var judged = original.Source.Is6 ? judged6 : judged4;
                var isJudged = judged is null || judged.Contains(original.Source) || judged.Contains(reply.Source);
                return (isJudged || isCut) && IsWrong(original, reply, isCut, (rules, own));
            }
        );

        // Not all flows were looked at if only some addresses were touched.
        mayHaveCut = areCut || (mayHaveCut && !touched.IsAll);
        touched.Clear();
        var changes = new List<Change>();
        foreach (var flow in wrong)
        {
            var isCut = flow.HasLabel(PolicyRules.CutLabel);
            if (isCut ? client.Label(flow, PolicyRules.CutLabel, value: false) != FlowLabeling.Done : !TryCut(flow))
                continue;
            mayHaveCut |= !isCut;
            CutCount += isCut ? 0 : 1;
            changes.Add(
                isCut
                    ? new Change(ChangeVerb.Add, "connection", $"{Describe(flow)}: allowed again")
                    : new Change(ChangeVerb.Delete, "connection", $"{Describe(flow)}: no policy allows it now")
            );
        }

        if (changes.Count <= MostLines)
            return new SyncOutcome(changes, []);
        var others = string.Create(CultureInfo.InvariantCulture, $"{changes.Count - MostLines} more");
        return new SyncOutcome([.. changes.Take(MostLines), new Change(ChangeVerb.Delete, "connection", others)], []);
    }

    // Of most flows neither end is a pod with policies; null: all are judged.
    private static HashSet<IPAddr>? FindJudged(PolicyTable table, bool is6)
    {
        var subjects = table.Sets[PolicySet.Egress(is6)].Keys.Concat(table.Sets[PolicySet.Ingress(is6)].Keys);
        return table.Sets[PolicySet.Networks(is6)].Count > 0 ? null : subjects.Select(static each => each.Address).ToHashSet();
    }

    // The kernel goes through its whole table for each question, however few flows there are.
    private IReadOnlyList<Flow> ListFlows(FlowPredicate isWrong) =>
        touched.IsAll
            ? client!.ListWhere(isWrong)
            : [.. new[] { false, true }.Where(is6 => !touched.HasNone(is6)).SelectMany(is6 => ListFlows(is6, isWrong))];

    private IReadOnlyList<Flow> ListFlows(bool is6, FlowPredicate isWrong)
    {
        if (touched.FindQuestions(is6) is not { } addresses)
            return client!.ListWhere(is6, isWrong);
        var found = new Dictionary<(FlowTuple, uint), Flow>();
        foreach (var ends in addresses.Select(static address => new FlowEnds { Source = address }))
        {
            foreach (var filter in new[] { new FlowFilter(is6, null, ends), new FlowFilter(is6, null, null, ends) })
            {
                foreach (var flow in client!.ListWhere(filter, isWrong))
                    found[(flow.Original, flow.Id)] = flow;
            }
        }

        return [.. found.Values];
    }

    private static bool IsWrong(in FlowTuple original, in FlowTuple reply, bool isCut, (TableEvaluator Rules, IReadOnlySet<IPAddr> Own) by)
    {
        // The pair that the forward hook sees: after the destination was translated, before the source is.
        var connection = new Connection(original.Source, reply.Source, original.Protocol, reply.SourcePort);
        if (by.Own.Contains(connection.Source) || by.Own.Contains(connection.Destination))
            return false;
        return by.Rules.Passes(connection) == isCut;
    }

    // A flow that is older than the first rule with a label has no room for one. If it is only deleted, the next packet begins a flow in
    // its own direction, which another policy may allow: so one with the bit set takes its place.
    private bool TryCut(Flow flow)
    {
        var outcome = client!.Label(flow, PolicyRules.CutLabel, value: true);
        if (outcome != FlowLabeling.HasNoRoom)
            return outcome == FlowLabeling.Done;
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            client.Delete(flow);
            if (client.CreateLabelled(flow, PolicyRules.CutLabel))
                return true;
            // A packet was faster.
            client.DeleteWhere(Between(flow.Original));
            client.DeleteWhere(Between(flow.Reply));
        }

        return false;
    }

    private static FlowFilter Between(FlowTuple tuple) =>
        new(
            tuple.Source.Is6,
            tuple.Protocol,
            new FlowEnds
            {
                Source = tuple.Source,
                Destination = tuple.Destination,
                SourcePort = tuple.SourcePort == 0 ? null : tuple.SourcePort,
                DestinationPort = tuple.DestinationPort == 0 ? null : tuple.DestinationPort,
            }
        );

    private static string Describe(Flow flow) =>
        flow.Original.ToString() + (flow.Reply.Source == flow.Original.Destination ? "" : $", to pod {flow.Reply.Source}");

    /// <inheritdoc/>
    public void Dispose()
    {
        timer?.Dispose();
        client?.Dispose();
    }
}
