using Plugboard.Drivers;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.FlexVolume;

/// <summary>The words after a person's command: <c>--name value</c>, <c>--switch</c>, and the rest, in order.</summary>
internal sealed class Arguments
{
    private readonly List<(string Name, string Value)> values = [];
    private readonly HashSet<string> switches = new(StringComparer.Ordinal);

    /// <summary>What is neither a name nor a name's value.</summary>
    public List<string> Others { get; } = [];

    /// <summary>Reads them.</summary>
    /// <param name="words">The words.</param>
    /// <param name="named">Names that take a value.</param>
    /// <param name="known">Names that take none.</param>
    /// <exception cref="FlexException">A name is unknown, or its value is missing.</exception>
    public static Arguments Parse(IReadOnlyList<string> words, string[] named, string[] known)
    {
        var arguments = new Arguments();
        for (var i = 0; i < words.Count; i++)
        {
            if (Array.IndexOf(known, words[i]) >= 0)
                arguments.switches.Add(words[i]);
            else if (Array.IndexOf(named, words[i]) >= 0)
                arguments.values.Add((words[i], i + 1 < words.Count ? words[++i] : throw new FlexException($"{words[i]} wants a value")));
            else if (words[i].StartsWith("--", StringComparison.Ordinal))
                throw new FlexException($"unknown: {words[i]}; known are {string.Join(", ", [.. named, .. known])}");
            else
                arguments.Others.Add(words[i]);
        }

        return arguments;
    }

    /// <summary>True where the switch is there.</summary>
    public bool Has(string name) => switches.Contains(name);

    /// <summary>The last value of a name; null where it is not there.</summary>
    public string? Find(string name) => All(name) is { Count: > 0 } all ? all[^1] : null;

    /// <summary>The value of a name.</summary>
    /// <exception cref="FlexException">It is missing.</exception>
    public string Get(string name) => Find(name) ?? throw new FlexException($"{name} is missing");

    /// <summary>All values of a name.</summary>
    public List<string> All(string name)
    {
        var all = new List<string>();
        foreach (var (each, value) in values)
        {
            if (each == name)
                all.Add(value);
        }

        return all;
    }

    /// <summary>The drivers of <c>--name</c>, which may be said once before several; there must be a dialect for each.</summary>
    public List<DriverName> Drivers()
    {
        var drivers = new List<DriverName>();
        foreach (var text in All("--name"))
            drivers.Add(DriverOf(text));
        foreach (var text in Others)
            drivers.Add(DriverOf(text));
        return drivers.Count > 0 ? drivers : throw new FlexException("--name vendor/driver is missing");
    }

    /// <summary>The driver of a text.</summary>
    /// <exception cref="FlexException">No driver has this name.</exception>
    public static DriverName DriverOf(string text) =>
        DriverName.Find(text) is { } name && Dialect.Find(name) is not null
            ? name
            : throw new FlexException(
                $"\"{text}\" is not a driver of ours: a vendor of your choice with local, loop, tmpfs, nfs, cifs or uds, or one of "
                    + $"{Dialect.ForeignNames}"
            );
}
