using System.Text.Json;
using Plugboard.Linux;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Image;

/// <summary>The images of our executables, made twice by deploy/image/build.sh, in two directories.</summary>
public sealed class ImageArchives : IDisposable
{
    private readonly string directory = System.IO.Directory.CreateTempSubdirectory("plugboard-image").FullName;

    public ImageArchives()
    {
        First = Build("first");
        Second = Build("second");
    }

    /// <summary>The directory with the archives.</summary>
    public string First { get; }

    /// <summary>The same once more.</summary>
    public string Second { get; }

    /// <summary>What a manifest names.</summary>
    public static string Version { get; } =
        File.ReadAllText(Path.Combine(PluginDirectory.Root, "Directory.Build.props")).Split("<Version>")[1].Split('<')[0];

    /// <summary>Unpacks an archive and reads one of its descriptions.</summary>
    /// <param name="name">The image's.</param>
    /// <param name="find">The digest of what is wanted, of the index, <c>sha256:…</c>.</param>
    public JsonElement Describe(string name, params Func<JsonElement, string>[] find)
    {
        var unpacked = System.IO.Directory.CreateDirectory(Path.Combine(directory, "unpacked-" + name)).FullName;
        Execute("tar", "-xf", $"{First}/{name}-image.tar", "-C", unpacked);
        var node = Json($"{unpacked}/index.json");
        foreach (var step in find)
            node = Json($"{unpacked}/blobs/sha256/{step(node)["sha256:".Length..]}");
        return node;
    }

    /// <summary>The lines of a listing of the one layer of an architecture's image.</summary>
    public IReadOnlyList<string> List(string name, string architecture)
    {
        var manifest = Describe(name, IndexOf, ManifestOf(architecture));
        var layer = Assert.Single(manifest.GetProperty("layers").EnumerateArray()).GetProperty("digest").GetString()!;
        return Execute("tar", "--utc", "-tvzf", $"{directory}/unpacked-{name}/blobs/sha256/{layer["sha256:".Length..]}")
            .TrimEnd('\n')
            .Split('\n');
    }

    /// <summary>The digest of the index that an archive is of.</summary>
    public static string IndexOf(JsonElement layout) =>
        Assert.Single(layout.GetProperty("manifests").EnumerateArray()).GetProperty("digest").GetString()!;

    /// <summary>The digest of the manifest that an index has for an architecture.</summary>
    public static Func<JsonElement, string> ManifestOf(string architecture) =>
        index =>
            index
                .GetProperty("manifests")
                .EnumerateArray()
                .Single(manifest => manifest.GetProperty("platform").GetProperty("architecture").GetString() == architecture)
                .GetProperty("digest")
                .GetString()!;

    /// <summary>The digest of a manifest's config.</summary>
    public static string ConfigOf(JsonElement manifest) => manifest.GetProperty("config").GetProperty("digest").GetString()!;

    private static JsonElement Json(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    private string Build(string name)
    {
        var output = System.IO.Directory.CreateDirectory(Path.Combine(directory, name)).FullName;
        Execute(Path.Combine(PluginDirectory.Root, "deploy/image/build.sh"), [output, Version, .. PluginDirectory.Architectures]);
        return output;
    }

    private static string Execute(string program, params string[] arguments)
    {
        var result = new Command("/usr/bin/env")
        {
            Arguments = [program, .. arguments],
            Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"],
            Timeout = TimeSpan.FromMinutes(5),
        }.Run();
        return result.ExitCode == 0
            ? System.Text.Encoding.UTF8.GetString(result.Output)
            : throw new InvalidOperationException($"{program}: {result.ErrorText}");
    }

    public void Dispose() => System.IO.Directory.Delete(directory, recursive: true);
}
