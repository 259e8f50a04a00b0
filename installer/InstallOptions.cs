namespace Plugboard.Installer;

/// <summary>What <c>install</c> is told.</summary>
/// <param name="Host">Which host, and where on it.</param>
/// <param name="From">The directory of the executables.</param>
internal sealed record InstallOptions(HostOptions Host, string From)
{
    /// <summary>Stay, and repair what others change.</summary>
    public bool Wait { get; init; }

    /// <summary>How often to look though nothing was told.</summary>
    public TimeSpan Audit { get; init; } = TimeSpan.FromMinutes(5);
}
