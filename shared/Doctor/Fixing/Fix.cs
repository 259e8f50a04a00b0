namespace Plugboard.Doctor.Fixing;

/// <summary>Something safe to do against a finding. It can be taken back until it is finished.</summary>
/// <param name="intention">What it will do, in the imperative: <c>remove …</c>.</param>
internal abstract class Fix(string intention)
{
    /// <summary>What it will do, in the imperative.</summary>
    public string Intention { get; } = intention;

    /// <summary>Does it; false if the node has changed so that it is not safe any more.</summary>
    public abstract bool Apply();

    /// <summary>Takes it back.</summary>
    public abstract void Undo();

    /// <summary>Lets go of what only <see cref="Undo"/> needs.</summary>
    public virtual void Finish() { }
}
