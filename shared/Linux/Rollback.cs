namespace Plugboard.Linux;

/// <summary>
/// What was done and how to undo it, last first, unless <see cref="Cancel"/> is called before it is disposed. Every step is tried even
/// when one fails; the failures are handed to <paramref name="report"/>, because the exception that is on its way says more.
/// </summary>
public sealed class Rollback(Action<string, Exception> report) : IDisposable
{
    private readonly Stack<(string What, Action Undo)> steps = new();

    /// <summary>Adds a step; <paramref name="what"/> names it for a failure's report.</summary>
    public void OnFailure(string what, Action undo) => steps.Push((what, undo));

    /// <summary>All went well: nothing is undone.</summary>
    public void Cancel() => steps.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        while (steps.TryPop(out var step))
        {
            try
            {
                step.Undo();
            }
            catch (Exception e)
            {
                report(step.What, e);
            }
        }
    }
}
