namespace Plugboard.Linux.Mounts;

/// <summary>A process that keeps a mount busy.</summary>
/// <param name="Pid">The process.</param>
/// <param name="Command">Its name, at most 15 bytes.</param>
/// <param name="What">How: <c>has</c> a file <c>open</c>, <c>works in</c> a directory, and so on.</param>
/// <param name="Path">The file or directory, as that process sees it.</param>
public sealed record MountHolder(int Pid, string Command, string What, string Path)
{
    /// <summary>A sentence: <c>pid 4711 (nginx) has /var/www/access.log open</c>.</summary>
    public override string ToString() =>
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"pid {Pid} ({Command}) {What.Replace("*", Path, StringComparison.Ordinal)}"
        );
}
