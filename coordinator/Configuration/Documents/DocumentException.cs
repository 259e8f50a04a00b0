namespace Plugboard.Coordinator.Configuration.Documents;

/// <summary>A document that is none, or that says what cannot be.</summary>
internal sealed class DocumentException(int line, string what)
    : FormatException(line > 0 ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"line {line}: {what}") : what)
{
    /// <summary>Where, from 1; 0: nowhere in particular.</summary>
    public int Line { get; } = line;

    /// <summary>What is wrong, without the line.</summary>
    public string What { get; } = what;
}
