using Plugboard.Doctor.Fixing;
using Plugboard.Doctor.Nodes;
using Plugboard.Linux.Files;

namespace Plugboard.Doctor.Checks;

/// <summary>What installs that were killed have left beside plugins and network configs.</summary>
internal sealed class TemporaryFileCheck : ICheck
{
    public string Name => "files of interrupted installs";

    public IEnumerable<Finding> Examine(Node node)
    {
        var places = new List<(string Directory, Func<string, bool> IsLeft)> { (node.ConfDirectory, IsLeftConfig) };
        foreach (var directory in node.BinDirectories)
            places.Add(($"{directory}/.plugboard", IsLeftInstall));
        foreach (var (path, isLeft) in places)
        {
            using var directory = FileDirectory.Find(node.Under(path));
            foreach (var name in directory?.ReadNames().FindAll(isLeft.Invoke) ?? [])
            {
                if (
                    directory!.FindStatus(name) is { IsRegular: true } status
                    && Ages.Since(status.ModifiedNanoseconds, node.Now) >= node.Options.Grace
                )
                    yield return Left(node, $"{path}/{name}");
            }
        }
    }

    /// <summary>The name under which a config is written before it gets its own.</summary>
    internal static bool IsLeftConfig(string name) =>
        name.StartsWith('.')
        && (
            name.EndsWith("_conflist.new", StringComparison.Ordinal)
            || name.EndsWith("_conf.new", StringComparison.Ordinal)
            || name.EndsWith("_json.new", StringComparison.Ordinal)
        );

    /// <summary>The names that only an install at work uses.</summary>
    internal static bool IsLeftInstall(string name) =>
        name.StartsWith(".new-", StringComparison.Ordinal) || name.StartsWith(".temporary-", StringComparison.Ordinal);

    private static Finding Left(Node node, string path) =>
        new(
            FindingIds.TemporaryFile,
            Severity.Notice,
            $"{path} is a leftover of an interrupted install",
            "it only takes space: no runtime reads it",
            "remove it, or run the install again"
        )
        {
            Subject = path,
            Fix = new RemoveFile(node.Under(path), path),
        };
}
