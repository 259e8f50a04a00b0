using Plugboard.Install;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Installer;

/// <summary>Which host, and where on it.</summary>
internal sealed record HostOptions
{
    public const string DefaultBinDirectory = "/opt/cni/bin";
    public const string DefaultFlexVolumeDirectory = "/usr/libexec/kubernetes/kubelet-plugins/volume/exec";

    /// <summary>Where the host's root directory is seen.</summary>
    public string Root { get; init; } = "/";

    /// <summary>The runtime's plugin directory on the host.</summary>
    public string BinDirectory { get; init; } = DefaultBinDirectory;

    /// <summary>kubelet's directory for FlexVolume drivers on the host; null if not given.</summary>
    public string? FlexVolumeDirectory { get; init; }

    /// <summary>The chosen plugins; null: all there are.</summary>
    public IReadOnlyList<string>? Plugins { get; init; }

    /// <summary>The chosen drivers; empty: none for `install`, all with a record for the other verbs.</summary>
    public IReadOnlyList<DriverName> Drivers { get; init; } = [];

    /// <summary>How long to wait for another installer.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Tables for people, JSON for programs.</summary>
    public bool IsJson { get; init; }

    /// <summary>kubelet's directory, named or not.</summary>
    public string FlexVolumePath => FlexVolumeDirectory ?? DefaultFlexVolumeDirectory;

    /// <summary>Opens the root.</summary>
    /// <exception cref="InstallException">It is missing, or no directory.</exception>
    public RootedDirectory OpenRoot()
    {
        try
        {
            return RootedDirectory.Open(Root);
        }
        catch (ErrnoException e)
        {
            throw new InstallException(
                $"--host-root {Root}: {ErrnoException.Sentence(e.Errno)}",
                "give the directory where the host's root is mounted",
                e
            );
        }
    }
}
