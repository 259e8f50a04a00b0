using Plugboard.Install;

namespace Plugboard.Installer;

/// <summary><c>installer status</c>: looks, and changes nothing.</summary>
/// <param name="host">Which host, and where on it.</param>
internal sealed class StatusQuery(HostOptions host)
{
    /// <summary>How everything is: what is remembered, what was asked for, and what else lies in the plugin directory.</summary>
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
        // What is nobody's business of ours is as it should be; what we placed must be there, whole.
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
            TargetState.Missing => "`install` puts it there",
            TargetState.Differs => "others replaced what we placed; `install` puts it back, `install --wait` keeps it",
            _ => null,
        };
}
