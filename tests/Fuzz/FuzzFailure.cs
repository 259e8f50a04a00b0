namespace Plugboard.Tests.Fuzz;

/// <summary>
/// What must not be: an exception that is not documented, a message that is too long, a reader that takes too long, a value that is not
/// read back.
/// </summary>
/// <param name="what">What it is; the same text for the same fault, whatever the input.</param>
/// <param name="inner">The exception, where there is one.</param>
internal sealed class FuzzFailure(string what, Exception? inner = null) : Exception(what, inner)
{
    /// <summary>Fails unless something holds.</summary>
    public static void Unless(bool holds, string what)
    {
        if (!holds)
            throw new FuzzFailure(what);
    }
}
