using Plugboard.Tests.Fuzz.Mutations;

namespace Plugboard.Tests.Fuzz;

/// <summary>A reader of input that others write.</summary>
/// <param name="Name">Its name, which is also that of its corpus.</param>
/// <param name="Form">How its inputs are written.</param>
/// <param name="Read">Reads an input: true where it was accepted. What it may throw is in <paramref name="Refusals"/>; what else must hold
/// it asserts itself.</param>
/// <param name="Refusals">The documented exceptions.</param>
internal sealed record FuzzTarget(string Name, InputForm Form, Func<byte[], bool> Read, params Type[] Refusals)
{
    /// <summary>The corpus, where it is another target's.</summary>
    public string Corpus { get; init; } = Name;

    /// <summary>Processor time that an input may take; one of more than 64 kB in proportion.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
