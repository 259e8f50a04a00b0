using System.Globalization;
using Plugboard.Addresses;

namespace Plugboard.Documents;

/// <summary>A document that cannot be parsed or has a value that is not allowed.</summary>
public sealed class DocumentException(int line, string what) : FormatException(Place(line, 0, what))
{
    private readonly int column;

    /// <summary>It is no document at this column, from 1.</summary>
    /// <param name="line">Where, from 1.</param>
    /// <param name="column">Where in the line, from 1.</param>
    /// <param name="what">What is wrong.</param>
    /// <param name="said">What the parser said, in its words.</param>
    public DocumentException(int line, int column, string what, string said)
        : this(line, what)
    {
        this.column = column;
        Said = Excerpt.OfMessage(said);
    }

    /// <summary>Where, from 1; 0: nowhere in particular.</summary>
    public int Line { get; } = line;

    /// <summary>What is wrong, without the place.</summary>
    public string What { get; } = Excerpt.OfMessage(what);

    /// <summary>What the parser said; as <see cref="What"/> where it was no parser's to say.</summary>
    public string Said { get; } = Excerpt.OfMessage(what);

    /// <inheritdoc/>
    public override string Message => Place(Line, column, What);

    /// <summary>The message behind the name of its file, as <c>/etc/peers.yaml, line 3: …</c>.</summary>
    public string In(string path) => Line > 0 ? $"{path}, {Message}" : $"{path}: {Message}";

    private static string Place(int line, int column, string what) =>
        (line, column) switch
        {
            (0, _) => what,
            (_, 0) => string.Create(CultureInfo.InvariantCulture, $"line {line}: {what}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"line {line}, column {column}: {what}"),
        };
}
