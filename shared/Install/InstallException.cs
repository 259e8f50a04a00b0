namespace Plugboard.Install;

/// <summary>An executable was not placed: what is wrong and what to do about it.</summary>
/// <param name="problem">What is wrong, a part of a sentence.</param>
/// <param name="remedy">What to do.</param>
/// <param name="inner">What the kernel refused.</param>
public sealed class InstallException(string problem, string remedy, Exception? inner = null) : Exception($"{problem}: {remedy}", inner)
{
    /// <summary>What is wrong.</summary>
    public string Problem { get; } = problem;

    /// <summary>What to do.</summary>
    public string Remedy { get; } = remedy;

    /// <summary>Somebody else is at work: the same may be tried again.</summary>
    public bool IsBusy { get; init; }
}
