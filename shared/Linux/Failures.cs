namespace Plugboard.Linux;

/// <summary>Gathers what fails where the rest must be done all the same: DEL, unmount, GC. Threads may share it.</summary>
public sealed class Failures
{
    private readonly List<Exception> caught = [];

    /// <summary>Does one step; what it throws is kept.</summary>
    public void Try(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e)
        {
            lock (caught)
                caught.Add(e);
        }
    }

    /// <summary>Throws what was kept: the one failure as it was, several as an <see cref="AggregateException"/> in their order.</summary>
    public void ThrowIfAny()
    {
        if (caught.Count == 1)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(caught[0]);
        if (caught.Count > 1)
            throw new AggregateException(caught);
    }
}
