using Plugboard.Install;

namespace Plugboard.Installer;

/// <summary>The executables to install, each opened once.</summary>
/// <param name="directory">Where they are.</param>
internal sealed class Sources(string directory) : IDisposable
{
    private readonly Dictionary<string, InstallSource> opened = new(StringComparer.Ordinal);

    /// <summary>One of them, looked at.</summary>
    /// <exception cref="InstallException">It is missing, or cannot run here.</exception>
    public InstallSource Get(string name)
    {
        if (!opened.TryGetValue(name, out var source))
            opened[name] = source = InstallSource.Open($"{directory}/{name}");
        return source;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var source in opened.Values)
            source.Dispose();
    }
}
