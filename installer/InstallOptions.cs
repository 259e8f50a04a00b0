namespace Plugboard.Installer;

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
