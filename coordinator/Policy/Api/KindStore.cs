using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Coordinator.Tracking;

namespace Plugboard.Coordinator.Policy.Api;

/// <summary>
/// The objects of one kind that the API delivered. Its follower writes, the engine takes what changed. Writing an equal object wakes no
/// thread.
/// </summary>
/// <param name="kind">The kind.</param>
/// <param name="parts">What all kinds share.</param>
internal sealed class KindStore<TKey, TValue>(PolicyKind kind, KindStoreParts parts) : IKindStore, IObjectSink<ApiObject<TKey, TValue>>
    where TKey : notnull
    where TValue : class
{
    private Dictionary<TKey, TValue> objects = [];
    private Dictionary<TKey, Refusal> refusals = [];
    private Dictionary<TKey, TValue>? listed;
    private Dictionary<TKey, Refusal> listedRefusals = [];
    private ChangeReader<TKey> touched = new(EqualityComparer<TKey>.Default);
    private ApiException? failure;
    private (DateTimeOffset At, long Stamp)? heard;
    private bool isAbsent;

    /// <summary>Makes of an object what is kept of it; on the follower's thread.</summary>
    public Func<TValue, TValue> Keep { get; init; } = static value => value;

    /// <summary>True: of a refused object the last valid version stays in force; false: what is left of it is.</summary>
    public required bool KeepsLastGood { get; init; }

    /// <summary>The API need not serve it: until it does, no object is in force.</summary>
    public bool IsOptional { get; init; }

    /// <summary>True after one complete list.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>True once a long list was read, until it is set to false.</summary>
    public bool WasLarge { get; set; }

    /// <inheritdoc/>
    public ApiException? Failure => failure;

    /// <inheritdoc/>
    public PolicySourceKind State => new(kind.Name, failure is null && IsComplete, heard?.Stamp, refusals.Count);

    /// <summary>The objects; under the lock.</summary>
    public IReadOnlyDictionary<TKey, TValue> Objects => objects;

    /// <summary>The refused objects; under the lock.</summary>
    public IEnumerable<(TKey Name, Refusal Why)> Refusals => refusals.Select(static pair => (pair.Key, pair.Value));

    /// <inheritdoc/>
    public void BeginList() => (listed, listedRefusals) = ([], []);

    /// <inheritdoc/>
    public void TakeListed(ApiObject<TKey, TValue> item)
    {
        // No one else writes; what others read is replaced at the end.
        if (Settle(item, listedRefusals) is { } value)
            listed![item.Name] = value;
    }

    /// <inheritdoc/>
    public void EndList()
    {
        bool hasRefused;
        lock (parts.Changing)
        {
            foreach (var (name, value) in listed!)
            {
                if (!ReferenceEquals(objects.GetValueOrDefault(name), value))
                    touched.Touch(name);
            }

            foreach (var name in objects.Keys)
            {
                if (!listed.ContainsKey(name))
                    touched.Touch(name);
            }

            hasRefused = refusals.Count + listedRefusals.Count > 0;
            WasLarge |= listed.Count >= PolicyKind.Large;
            (objects, refusals, failure, IsComplete) = (listed, listedRefusals, null, true);
            (listed, listedRefusals) = (null, []);
            objects.TrimExcess();
        }

        if (hasRefused)
            parts.RefusalsChanged();
        parts.Changed();
    }

    /// <inheritdoc/>
    public void Take(ApiObject<TKey, TValue> item, bool isGone)
    {
        bool isNewRefusal;
        lock (parts.Changing)
        {
            refusals.Remove(item.Name, out var refused);
            var value = isGone ? null : Settle(item, refusals, refused);
            isNewRefusal = refused != refusals.GetValueOrDefault(item.Name);
            if (ReferenceEquals(objects.GetValueOrDefault(item.Name), value) && !isNewRefusal)
                return;
            touched.Touch(item.Name);
            if (value is null)
                objects.Remove(item.Name);
            else
                objects[item.Name] = value;
        }

        if (isNewRefusal)
            parts.RefusalsChanged();
        parts.Changed();
    }

    // What is in force of it: the known object if that is equal.
    private TValue? Settle(ApiObject<TKey, TValue> item, Dictionary<TKey, Refusal> into, Refusal? refused = null)
    {
        refused ??= refusals.GetValueOrDefault(item.Name);
        var known = objects.GetValueOrDefault(item.Name);
        if (item.Refusal is { } why)
        {
            var isLastGood = KeepsLastGood && known is not null && (refused is null || (refused.IsLastGood && refused.Uid == item.Uid));
            into[item.Name] = new Refusal(why, item.Uid, isLastGood);
            if (isLastGood)
                return known;
        }

        if (item.Value is not { } value)
            return null;
        return known is not null && known.Equals(value) ? known : Keep(value);
    }

    /// <inheritdoc/>
    public void Hear()
    {
        lock (parts.Changing)
            heard = (parts.Clock.GetUtcNow(), parts.Clock.GetTimestamp());
    }

    /// <inheritdoc/>
    public void SetError(ApiException? why)
    {
        lock (parts.Changing)
        {
            if (failure?.Message == why?.Message)
                return;
            failure = why;
            // Once it is known that the kind is not served, another failure takes nothing away.
            isAbsent |= IsOptional && !IsComplete && why is { IsNotServed: true };
        }

        parts.Changed();
    }

    /// <summary>Adds what changed since the last call; under the lock.</summary>
    /// <param name="into">Gets the objects, null for those that are gone.</param>
    public void Take(Dictionary<TKey, TValue?> into)
    {
        var taken = touched.Take();
        if (taken.IsAll)
        {
            into.EnsureCapacity(objects.Count);
            foreach (var (name, value) in objects)
                into[name] = value;
        }

        foreach (var name in taken.Keys)
            into[name] = objects.GetValueOrDefault(name);
    }

    /// <inheritdoc/>
    public void Rewind() => touched = new ChangeReader<TKey>(EqualityComparer<TKey>.Default);

    /// <inheritdoc/>
    public string? FindProblem() => IsComplete || isAbsent ? null : failure?.Message ?? $"the list of {kind.Plural} was not read yet";

    /// <inheritdoc/>
    public IEnumerable<string> FindWarnings()
    {
        // Its objects go before a definition does: nothing of it stays in force.
        if (IsComplete ? IsOptional && failure is { IsNotServed: true } && objects.Count == 0 : isAbsent)
            yield return $"the Kubernetes API does not serve {kind.Plural}: none is in force until it does";
        else if (IsComplete && failure is not null)
            yield return $"{failure.Message}; the {kind.Plural} of {heard?.At:yyyy-MM-dd'T'HH:mm:ss'Z'} stay in force";
        foreach (var (name, why) in refusals.Take(PolicyKind.MostNamed))
            yield return kind.Describe($"{name}", why);
        if (refusals.Count > PolicyKind.MostNamed)
            yield return $"{refusals.Count - PolicyKind.MostNamed} more {kind.Plural} are refused";
    }
}

/// <summary>A store of any kind, as to whether it can be read; all under the lock.</summary>
internal interface IKindStore
{
    /// <summary>Why it cannot be read, now; null: it can.</summary>
    ApiException? Failure { get; }

    /// <summary>For metrics.</summary>
    PolicySourceKind State { get; }

    /// <summary>Why the kind is not known; null: it is.</summary>
    string? FindProblem();

    /// <summary>What is in force although the API says otherwise or nothing.</summary>
    IEnumerable<string> FindWarnings();

    /// <summary>What was taken is forgotten: all is given again.</summary>
    void Rewind();
}

/// <summary>What the stores of all kinds share.</summary>
/// <param name="Changing">The lock.</param>
/// <param name="Changed">Called after each change, without the lock.</param>
/// <param name="RefusalsChanged">Called before that if other objects are refused now.</param>
/// <param name="Clock">The clock.</param>
internal sealed record KindStoreParts(Lock Changing, Action Changed, Action RefusalsChanged, TimeProvider Clock);

/// <summary>Why an object is not obeyed as it is.</summary>
/// <param name="Why">A sentence.</param>
/// <param name="Uid">The object's uid.</param>
/// <param name="IsLastGood">Its last valid version is in force.</param>
internal sealed record Refusal(string Why, string Uid, bool IsLastGood);
