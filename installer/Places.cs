using Plugboard.Install;
using Plugboard.Linux.Files;

namespace Plugboard.Installer;

/// <summary>
/// The directories of one host that a run works on: the runtime's, kubelet's, or both. Always opened in this order, so two runs never wait
/// for each other.
/// </summary>
internal sealed class Places : IDisposable
{
    private readonly RootedDirectory root;

    private Places(RootedDirectory root) => this.root = root;

    /// <summary>The runtime's plugin directory; null if not selected.</summary>
    public InstallDirectory? Bin { get; private set; }

    /// <summary>
    /// kubelet's directory of drivers; null if it is not selected, or if it was not given and the default does not exist.
    /// </summary>
    public InstallDirectory? FlexVolume { get; private set; }

    /// <summary>All there are.</summary>
    public IEnumerable<InstallDirectory> All
    {
        get
        {
            if (Bin is not null)
                yield return Bin;
            if (FlexVolume is not null)
                yield return FlexVolume;
        }
    }

    /// <summary>Opens those that are to get something.</summary>
    public static Places OpenToInstall(HostOptions host, bool plugins, bool drivers)
    {
        var places = new Places(host.OpenRoot());
        try
        {
            if (plugins)
                places.Bin = InstallDirectory.Open(places.root, host.BinDirectory, host.Patience);
            if (drivers)
                places.FlexVolume = InstallDirectory.Open(places.root, host.FlexVolumePath, host.Patience);
            foreach (var place in places.All)
                new TargetSwap(place).Recover();
            return places;
        }
        catch
        {
            places.Dispose();
            throw;
        }
    }

    /// <summary>Opens those that may hold something, to change them.</summary>
    public static Places OpenToChange(HostOptions host) => OpenToInstall(host, host.Plugins is not { Count: 0 }, WantsDrivers(host));

    /// <summary>Opens those that may hold something, to look only.</summary>
    public static Places OpenToRead(HostOptions host)
    {
        var places = new Places(host.OpenRoot());
        try
        {
            if (host.Plugins is not { Count: 0 })
                places.Bin = InstallDirectory.OpenToRead(places.root, host.BinDirectory);
            if (WantsDrivers(host))
                places.FlexVolume = InstallDirectory.OpenToRead(places.root, host.FlexVolumePath);
            return places;
        }
        catch
        {
            places.Dispose();
            throw;
        }
    }

    // The default directory is read without being given, if it exists and has files of ours.
    private static bool WantsDrivers(HostOptions host)
    {
        if (host.FlexVolumeDirectory is not null || host.Drivers.Count > 0)
            return true;
        using var files = host.OpenRoot();
        return HasState(files, host.FlexVolumePath);
    }

    /// <summary>Whether a directory has, or had, installed files.</summary>
    /// <param name="root">The host's root.</param>
    /// <param name="path">The directory; it may be missing.</param>
    public static bool HasState(RootedDirectory root, string path)
    {
        using var directory = root.TryOpen(path, out _);
        return directory?.FindStatus(".plugboard") is not null;
    }

    /// <summary>The selected targets of a place; without a selection, those with a record.</summary>
    public IReadOnlyList<InstallTarget> ChosenIn(InstallDirectory place, HostOptions host)
    {
        if (place == Bin)
            return host.Plugins is { } names ? [.. names.Select(InstallTarget.Plugin)] : Ordered(place.RecordedTargets());
        return host.Drivers.Count > 0 ? [.. host.Drivers.Select(InstallTarget.Driver)] : place.RecordedTargets();
    }

    private static IReadOnlyList<InstallTarget> Ordered(IReadOnlyList<InstallTarget> targets) =>
        [.. PluginSet.InOrder(targets.Select(static target => target.File)).Select(InstallTarget.Plugin)];

    /// <summary>Waits until all is on the disk.</summary>
    public void Sync()
    {
        foreach (var place in All)
            place.Sync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Bin?.Dispose();
        FlexVolume?.Dispose();
        root.Dispose();
    }
}
