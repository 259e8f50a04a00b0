using Plugboard.Runtimes;

namespace Plugboard.Tests.Unit.Runtimes;

/// <summary>A directory that stands for a host's root, with the files that a test writes.</summary>
internal sealed class Host : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("runtimes").FullName;

    public RuntimePaths? Find() => RuntimeFinder.Find(root);

    public RuntimePaths? FindPodman() => PodmanFinder.Find(root);

    public RuntimePaths Paths => Find()!;

    /// <summary>The directories and what says so.</summary>
    public string Described => Find()?.Describe() ?? "";

    public Host With(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(root + path)!);
        File.WriteAllText(root + path, content.ReplaceLineEndings("\n"));
        return this;
    }

    public Host WithLink(string path, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(root + path)!);
        File.CreateSymbolicLink(root + path, target);
        return this;
    }

    public Host WithDirectory(string path)
    {
        Directory.CreateDirectory(root + path);
        return this;
    }

    public Host WithPackage(string version, string name = "containerd") =>
        With(
            "/var/lib/dpkg/status",
            $"Package: adduser\nStatus: install ok installed\nVersion: 3.1\n\nPackage: {name}\nStatus: install ok installed\n"
                + $"Priority: optional\nVersion: {version}\n\nPackage: zlib1g\nStatus: install ok installed\nVersion: 1.2\n"
        );

    public void Dispose() => Directory.Delete(root, recursive: true);
}
