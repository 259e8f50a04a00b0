using Plugboard.Coordinator.Sources;

namespace Plugboard.Coordinator.Engine;

/// <summary>What keeps whole rounds from being made: told once while it stays the same, tried again after a pause that grows.</summary>
/// <param name="write">Writes a line of the log.</param>
internal sealed class RoundFaults(Action<string> write)
{
    private readonly RetryPause pause = RetryPause.OfNode();
    private string? untold;

    /// <summary>Why the last round was not made; null: it was.</summary>
    public string? Current { get; private set; }

    /// <summary>Before then none is tried; null: at once.</summary>
    public DateTimeOffset? RetryAt { get; private set; }

    /// <summary>How many failed since the start.</summary>
    public long Count { get; private set; }

    /// <summary>One failed.</summary>
    public void Fail(Exception e, DateTimeOffset now)
    {
        var text = Fault.Describe(e);
        Count++;
        RetryAt = now + pause.Take();
        var isNew = text != Current;
        Current = text;
        if (isNew)
            write($"a round failed, what there is stays and it is tried again: {text}");
    }

    /// <summary>Nor could the others be told of it: once too, and not where that was what failed.</summary>
    public void NoteUntold(Exception e)
    {
        var text = Fault.Describe(e);
        if (text != Current && text != untold)
            write($"nor can the others be told of it: {text}");
        untold = text;
    }

    /// <summary>One was made.</summary>
    public void Succeed()
    {
        if (Current is null)
            return;
        (Current, RetryAt, untold) = (null, null, null);
        pause.Reset();
        write("rounds go well again");
    }
}
