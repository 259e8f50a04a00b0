using Plugboard.Drivers;
using Plugboard.Install;
using Plugboard.Linux;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Installer;

/// <summary><c>installer install</c>: prepares all files and executes each, and only then replaces any.</summary>
/// <param name="options">The executables and their directories.</param>
/// <param name="clock">The clock of the records.</param>
internal sealed class Installation(InstallOptions options, TimeProvider clock)
{
    /// <summary>The plugins to install, in order of installation.</summary>
    public IReadOnlyList<string> Plugins { get; } =
        options.Host.Plugins is { } chosen ? PluginSet.InOrder(chosen) : PluginSet.FindAll(options.From);

    /// <summary>Installs what is not there yet.</summary>
    /// <exception cref="InstallException">Something is wrong; nothing was replaced.</exception>
    public IReadOnlyList<FileReport> Run()
    {
        using var sources = new Sources(options.From);
        var wanted = Wanted(sources);
        using var places = Places.OpenToInstall(options.Host, Plugins.Count > 0, options.Host.Drivers.Count > 0);
        var ready = new List<(InstallDirectory Place, Staged Staged)>();
        var reports = new List<FileReport>();
        try
        {
            foreach (var (target, source) in wanted)
            {
                var place = target.IsDriver ? places.FlexVolume! : places.Bin!;
                if (new Stage(place, clock).Prepare(target, source, "install") is { } staged)
                    ready.Add((place, staged));
                else
                    reports.Add(new FileReport($"{place.Path}/{target.RelativePath}", "unchanged", place.FindRecord(target)?.Current));
            }
        }
        catch (InstallException)
        {
            foreach (var (place, staged) in ready)
                new Stage(place, clock).Discard(staged.Target);
            throw;
        }

        reports.AddRange(Commit(ready));
        if (ready.Count > 0)
            places.Sync();
        return reports;
    }

    private List<(InstallTarget Target, InstallSource Source)> Wanted(Sources sources)
    {
        var wanted = new List<(InstallTarget, InstallSource)>();
        foreach (var name in Plugins)
        {
            if (PluginSet.IsOther(name))
                throw new InstallException($"{name} is not a plugin", OtherRemedy(name));
            wanted.Add((InstallTarget.Plugin(name), sources.Get(name)));
        }

        foreach (var driver in options.Host.Drivers)
        {
            if (Dialect.Find(driver) is null)
                throw new InstallException($"{driver.Slashed} is not a driver of ours", DriverRemedy(driver));
            wanted.Add((InstallTarget.Driver(driver), sources.Get(PluginSet.Driver)));
        }

        return wanted;
    }

    private static string OtherRemedy(string name) =>
        name == PluginSet.Driver
            ? "the driver is installed under drivers' names: --flexvolume vendor/driver"
            : "leave it out of --plugins; it is executed where it is";

    private static string DriverRemedy(DriverName driver)
    {
        var meant = Spelling.Hint(driver.Driver.ToLowerInvariant(), Dialect.OwnDrivers);
        return $"its last part selects the backend: local, loop, tmpfs, nfs, cifs or uds{meant}, after a vendor of your choice; or take "
            + $"one of {Dialect.ForeignNames}";
    }

    private static IEnumerable<FileReport> Commit(List<(InstallDirectory Place, Staged Staged)> ready)
    {
        var reports = new List<FileReport>();
        foreach (var (place, staged) in ready)
        {
            var replaced = new TargetSwap(place).Commit(staged);
            reports.Add(
                new FileReport($"{place.Path}/{staged.Target.RelativePath}", replaced ? "replaced" : "installed", staged.Facts)
                {
                    HasPrevious = place.HasPrevious(staged.Target),
                }
            );
        }

        return reports;
    }
}

/// <summary>The options of <c>install</c>.</summary>
/// <param name="Host">The host, and the directories on it.</param>
/// <param name="From">The directory of the executables.</param>
internal sealed record InstallOptions(HostOptions Host, string From)
{
    /// <summary>Stay, and repair files that other programs change.</summary>
    public bool Wait { get; init; }

    /// <summary>The interval between audits of all files.</summary>
    public TimeSpan Audit { get; init; } = TimeSpan.FromMinutes(5);
}
