using Plugboard.Doctor.Nodes;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Runtimes;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// Whether the runtime's configuration can be read, and whether the runtime executes our plugins where they are installed.
/// </summary>
internal sealed class RuntimeCheck : ICheck
{
    public string Name => "the runtime's directories";

    public IEnumerable<Finding> Examine(Node node)
    {
        foreach (var problem in node.Runtime?.Problems ?? [])
            yield return Config(node, problem);
        var types = node.ChosenNetwork?.List?.Types ?? [];
        var unused = types.Distinct(StringComparer.Ordinal).Select(type => FindUnused(node, type)).OfType<UnusedPlugin>();
        foreach (var group in unused.GroupBy(static plugin => (plugin.Executed, plugin.Ours)))
            yield return NotUsed(node, group.Key.Executed, group.Key.Ours, string.Join(", ", group.Select(static plugin => plugin.Type)));
    }

    private static Finding Config(Node node, string problem) =>
        new(
            FindingIds.RuntimeConfig,
            Severity.Warning,
            problem,
            node.Runtime!.IsAssumed
                ? $"{node.Runtime.Runtime} does not start with it; the doctor assumes its defaults: {node.DescribeBinDirectories()}"
                : $"the runtime may look elsewhere than expected; the doctor goes by {node.DescribeBinDirectories()}",
            "correct the file and restart the runtime; the flags --bin-dir and --conf-dir name other directories to the doctor"
        )
        {
            Subject = problem,
        };

    private static Finding NotUsed(Node node, string executed, string ours, string plugins) =>
        new(
            FindingIds.PluginNotUsed,
            Severity.Warning,
            $"the runtime executes {plugins} of another make in {executed}; ours are in {ours}",
            $"our plugins are not used by new pods: the runtime looks into {node.DescribeBinDirectories()}",
            $"`installer install --bin-dir {executed}`; or put {ours} first in the runtime's configuration and restart the runtime"
        )
        {
            Subject = plugins,
        };

    // What the runtime executes is the first of that name; a missing one is ConflistCheck's finding.
    private static UnusedPlugin? FindUnused(Node node, string type)
    {
        var executed = node.BinDirectories.FirstOrDefault(directory => FindStatus(node, $"{directory}/{type}") is { IsRegular: true });
        if (executed is null || IsOurs(node, executed, type))
            return null;
        var ours = node
            .BinDirectories.Append(RuntimePaths.UpstreamBinDirectory)
            .Append(RuntimePaths.DebianBinDirectory)
            .FirstOrDefault(directory => directory != executed && IsOurs(node, directory, type));
        return ours is null || IsSame(node, $"{executed}/{type}", $"{ours}/{type}") ? null : new UnusedPlugin(type, executed, ours);
    }

    // The installer's record beside the executable.
    private static bool IsOurs(Node node, string directory, string type) =>
        FindStatus(node, $"{directory}/{type}") is { IsRegular: true }
        && FindStatus(node, $"{directory}/.plugboard/.record-{type}") is not null;

    // One directory may be a link to the other, or both may have the executables of one build.
    private static bool IsSame(Node node, string path, string other) =>
        (FindStatus(node, path) is { } file && FindStatus(node, other) is { } second && file.IsSameFile(second))
        || (FindBuildId(node, path) is { } build && FindBuildId(node, other) is { } same && build.AsSpan().SequenceEqual(same));

    private static byte[]? FindBuildId(Node node, string path)
    {
        try
        {
            return BuildId.Find(node.Under(path));
        }
        catch (ErrnoException)
        {
            return null;
        }
    }

    private static FileStatus? FindStatus(Node node, string path)
    {
        try
        {
            return FileDescriptor.FindStatus(node.Under(path));
        }
        catch (ErrnoException)
        {
            return null;
        }
    }

    private sealed record UnusedPlugin(string Type, string Executed, string Ours);
}
