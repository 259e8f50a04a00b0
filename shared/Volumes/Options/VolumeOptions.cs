using System.Globalization;
using Plugboard.Linux;

namespace Plugboard.Volumes.Options;

/// <summary>
/// A volume's options, asked for one by one under the backend's names, whatever the dialect calls them. <see cref="RequireKnown"/>, before
/// the first question, refuses what the backend does not know: that one is missing says less than that it is written wrong.
/// </summary>
/// <param name="given">Names and values as the volume's author wrote them.</param>
/// <param name="names">The dialect.</param>
public sealed class VolumeOptions(IReadOnlyDictionary<string, string> given, OptionNames names)
{
    /// <summary>No options.</summary>
    public static VolumeOptions None { get; } = new(new Dictionary<string, string>(StringComparer.Ordinal), OptionNames.Own);

    /// <summary>The value of an option; where it is absent or empty the dialect's default, or null.</summary>
    /// <exception cref="VolumeException">It is given by two names with two values.</exception>
    public string? Find(string name) => FindGiven(name) ?? names.Defaults.GetValueOrDefault(name);

    /// <summary>True if the volume's author gave the option a value.</summary>
    public bool IsGiven(string name) => FindGiven(name) is not null;

    private string? FindGiven(string name)
    {
        string? found = null;
        var least = int.MaxValue;
        foreach (var (spelled, written) in given)
        {
            if (Rank(spelled, name) is not { } rank || names.Translate(name, written) is not { Length: > 0 } value)
                continue;
            if (found is not null && found != value && !names.IsLenient)
                throw new VolumeException($"options \"{SpelledAs(name)}\" and \"{spelled}\" mean the same and differ; set one of them");
            if (rank < least)
                (found, least) = (value, rank);
        }

        return found;
    }

    // The dialect's own spelling comes before the backend's, and both before another case; null: another option.
    private int? Rank(string spelled, string name)
    {
        if (names.Aliases.TryGetValue(spelled, out var meant))
            return meant == name ? 0 : null;
        if (spelled == name)
            return 1;
        if (!names.IsLenient)
            return null;
        return
            spelled.Equals(name, StringComparison.OrdinalIgnoreCase)
            || names.Aliases.Any(alias => alias.Value == name && spelled.Equals(alias.Key, StringComparison.OrdinalIgnoreCase))
            ? 2
            : null;
    }

    /// <summary>The value of an option that there must be.</summary>
    /// <exception cref="MissingOptionException">It is absent.</exception>
    public string Get(string backend, string name) => Find(name) ?? throw new MissingOptionException(backend, DialectName(name));

    /// <summary>True or false.</summary>
    public bool Flag(string backend, string name, bool otherwise) =>
        Find(name)?.Trim() switch
        {
            null => otherwise,
            "true" or "True" or "TRUE" or "yes" or "1" => true,
            "false" or "False" or "FALSE" or "no" or "0" => false,
            var value => throw Wrong(backend, name, value, "\"true\" or \"false\""),
        };

    /// <summary>A size in bytes; null if it is absent.</summary>
    public long? Size(string backend, string name) =>
        Find(name)?.Trim() switch
        {
            null => null,
            var value => Quantity.TryParse(value, out var bytes) && bytes > 0
                ? bytes
                : throw Wrong(backend, name, value, "a size such as \"512Mi\" or \"10G\""),
        };

    /// <summary>A mode in octal, at most 7777; null if it is absent.</summary>
    public uint? Mode(string backend, string name)
    {
        if (Find(name)?.Trim() is not { } value)
            return null;
        var mode = 0u;
        foreach (var digit in value)
        {
            if (digit is < '0' or > '7' || value.Length > 5)
                throw Wrong(backend, name, value, "a mode in octal such as \"0750\"");
            mode = (mode * 8) + digit - '0';
        }

        return mode <= 0xfff ? mode : throw Wrong(backend, name, value, "a mode in octal such as \"0750\"");
    }

    /// <summary>A user or group id; null if it is absent.</summary>
    public uint? Id(string backend, string name) =>
        Find(name)?.Trim() switch
        {
            null => null,
            var value => uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id != uint.MaxValue
                ? id
                : throw Wrong(backend, name, value, "a number"),
        };

    /// <summary>Refuses what the backend does not know.</summary>
    /// <param name="backend">For the message.</param>
    /// <param name="known">The backend's own names of its options.</param>
    /// <exception cref="VolumeException">An option is unknown; the one that was meant is named where there is a near one.</exception>
    public void RequireKnown(string backend, IReadOnlyList<string> known)
    {
        if (names.IsLenient)
            return;
        foreach (var (spelled, _) in given)
        {
            if (known.Contains(Canonical(spelled), StringComparer.Ordinal))
                continue;
            throw new VolumeException(
                $"{backend}: unknown option \"{ShortText.Of(spelled)}\"{Spelling.Hint(spelled, known.Concat(names.Aliases.Keys))}"
            );
        }
    }

    /// <summary>The failure that a value is not what an option takes.</summary>
    public VolumeException Wrong(string backend, string name, string value, string wanted) =>
        new($"{backend}: option \"{SpelledAs(name)}\" is \"{ShortText.Of(value)}\"; {wanted} is wanted");

    /// <summary>True if the dialect has a name of its own for an option.</summary>
    internal bool IsRenamed(string name) => names.Aliases.Values.Contains(name, StringComparer.Ordinal);

    private string Canonical(string spelled) => names.Aliases.GetValueOrDefault(spelled, spelled);

    private string SpelledAs(string name)
    {
        foreach (var (spelled, _) in given)
        {
            if (Rank(spelled, name) is not null)
                return ShortText.Of(spelled);
        }

        return DialectName(name);
    }

    private string DialectName(string name)
    {
        // Without a dialect the backend's own name is the documented one.
        if (!names.IsLenient)
            return name;
        foreach (var (alias, canonical) in names.Aliases)
        {
            if (canonical == name)
                return alias;
        }

        return name;
    }
}
