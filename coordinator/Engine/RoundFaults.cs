using Plugboard.Coordinator.Sources;

namespace Plugboard.Coordinator.Engine;

/// <summary>Faults that stop whole sync rounds: logged once while unchanged, retried after growing pauses.</summary>
/// <param name="write">Writes a line of the log.</param>
internal sealed class RoundFaults(Action<string> write)
{
    private readonly RetryPause pause = RetryPause.OfNode();
    private string? untold;

    /// <summary>Why the last round was not made; null: it was.</summary>
    public string? Current { get; private set; }

    /// <summary>The earliest time of the next round; null: at once.</summary>
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
            write($"sync round failed; the node stays as it is until the retry: {text}");
    }

    /// <summary>The report of the fault failed as well: logged once, unless its error is the same.</summary>
    public void NoteUntold(Exception e)
    {
        var text = Fault.Describe(e);
        if (text != Current && text != untold)
            write($"the fault cannot be reported to the source: {text}");
        untold = text;
    }

    /// <summary>One was made.</summary>
    public void Succeed()
    {
        if (Current is null)
            return;
        (Current, RetryAt, untold) = (null, null, null);
        pause.Reset();
        write("sync rounds succeed again");
    }
}
