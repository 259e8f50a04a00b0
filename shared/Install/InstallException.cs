namespace Plugboard.Install;

/// <summary>An executable was not installed: the problem and the remedy.</summary>
/// <param name="problem">The problem, a part of a sentence.</param>
/// <param name="remedy">What to do.</param>
/// <param name="inner">The kernel's error.</param>
public sealed class InstallException(string problem, string remedy, Exception? inner = null) : Exception($"{problem}: {remedy}", inner)
{
    /// <summary>What is wrong.</summary>
    public string Problem { get; } = problem;

    /// <summary>What to do.</summary>
    public string Remedy { get; } = remedy;

    /// <summary>Another installer is at work: a retry may succeed.</summary>
    public bool IsBusy { get; init; }
}
