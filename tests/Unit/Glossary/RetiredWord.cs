using System.Text.RegularExpressions;

namespace Plugboard.Tests.Unit.Glossary;

/// <summary>A word that the product no longer uses.</summary>
/// <param name="Expression">A regular expression for it, without its borders.</param>
/// <param name="Replacement">The word to use.</param>
/// <param name="Example">A line with it.</param>
internal sealed record RetiredWord(string Expression, string Replacement, string Example)
{
    /// <summary>Finds it as a whole word, in any case.</summary>
    public Regex Pattern { get; } =
        new($@"(?<![A-Za-z]){"(?:" + Expression + ")"}(?![A-Za-z])", RegexOptions.IgnoreCase | RegexOptions.Compiled);
}
