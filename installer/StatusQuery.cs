using Plugboard.Install;

namespace Plugboard.Installer;

/// <summary><c>installer status</c>: looks, and changes nothing.</summary>
/// <param name="host">Which host, and where on it.</param>
internal sealed class StatusQuery(HostOptions host)
{
    /// <summary>The state of all files: the recorded ones, the selected ones, and other files in the plugin directory.</summary>
    public IReadOnlyList<FileReport> Run()
    {
        using var places = Places.OpenToRead(host);
        var reports = new List<FileReport>();
        foreach (var place in places.All)
        {
            var chosen = places.ChosenIn(place, host);
            reports.AddRange(chosen.Select(target => Describe(place, Inspection.Inspect(place, target))));
            if (place == places.Bin && host.Plugins is null)
                reports.AddRange(OthersIn(place, chosen).Select(target => Describe(place, Inspection.Inspect(place, target))));
        }

        return reports;
    }

    private static IEnumerable<InstallTarget> OthersIn(InstallDirectory place, IReadOnlyList<InstallTarget> known) =>
        place.Directory.ReadNames().Where(PluginSet.IsPluginName).Order(StringComparer.Ordinal).Select(InstallTarget.Plugin).Except(known);

    private static FileReport Describe(InstallDirectory place, TargetFinding found)
    {
        // A foreign file is fine as it is; an installed file must be present and whole.
        var isGood = found.State switch
        {
            TargetState.Ours => found.Flaw is null,
            TargetState.Foreign => true,
            _ => false,
        };
        return new FileReport($"{place.Path}/{found.Target.RelativePath}", Word(found.State), found.Facts)
        {
            HasPrevious = found.HasPrevious,
            HasOriginal = found.HasOriginal,
            IsGood = isGood,
            Note = found.State == TargetState.Ours && found.Flaw is { } flaw ? flaw : Advice(found.State),
        };
    }

    private static string Word(TargetState state) =>
        state switch
        {
            TargetState.Ours => "ours",
            TargetState.Foreign => "foreign",
            TargetState.Missing => "missing",
            _ => "differs",
        };

    private static string? Advice(TargetState state) =>
        state switch
        {
            TargetState.Missing => "`install` installs it",
            TargetState.Differs => "another program replaced it; `install` repairs it, `install --wait` repairs it each time",
            _ => null,
        };
}
