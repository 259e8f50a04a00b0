using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Objects;

namespace Plugboard.Coordinator.Policy;

/// <summary>
/// Where the objects of network policy come from: files, or the Kubernetes API. Its owner asks it on one thread; what it says for others is
/// marked so. Until it has all kinds of objects it has none.
/// </summary>
internal interface IPolicySource : IDisposable
{
    /// <summary>The objects in force, for people; null: not all kinds are known yet.</summary>
    PolicyObjects? Current { get; }

    /// <summary>Why no objects are in force, a sentence; null: some are.</summary>
    string? Problem { get; }

    /// <summary>What is in force although the source says otherwise or nothing, each a sentence. For any thread.</summary>
    IReadOnlyList<string> Warnings { get; }

    /// <summary>How each kind is read, for metrics. For any thread.</summary>
    IReadOnlyList<PolicySourceKind> Kinds { get; }

    /// <summary>Calls back from now on when there may be something to take.</summary>
    /// <param name="changed">Called on other threads; it must be quick.</param>
    /// <exception cref="Linux.ErrnoException">No more files can be watched; they are read every few seconds all the same.</exception>
    void Watch(Action changed);

    /// <summary>Before a single look: waits until objects are in force, or cannot be soon.</summary>
    /// <param name="patience">How long at most.</param>
    void Await(TimeSpan patience);

    /// <summary>Reads what may have changed.</summary>
    void Refresh();

    /// <summary>What changed since the last call; at first, and after <see cref="Rewind"/>, all objects.</summary>
    PolicyChanges Take();

    /// <summary>What was taken is forgotten: the next <see cref="Take"/> gives all.</summary>
    void Rewind();

    /// <summary>
    /// Gives the memory back that reading a lot took, or comparing it; after what it changed is in the kernel. Else it would stay until the
    /// collector looks at all, which is not soon in a process that rests.
    /// </summary>
    /// <param name="hasCompared">All of the table was compared.</param>
    void ReturnMemory(bool hasCompared);
}

/// <summary>How one kind of objects is read.</summary>
/// <param name="Name">The kind: <c>pods</c>, <c>namespaces</c>, <c>policies</c>.</param>
/// <param name="IsReachable">It can be read now.</param>
/// <param name="HeardAt">
/// The moment of which the known objects are, by <see cref="TimeProvider.GetTimestamp"/>; null: none are known.
/// </param>
/// <param name="Refused">The objects that are not obeyed as they are.</param>
internal sealed record PolicySourceKind(string Name, bool IsReachable, long? HeardAt, int Refused);
