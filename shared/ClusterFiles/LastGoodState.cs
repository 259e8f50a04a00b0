using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.ClusterFiles;

/// <summary>
/// The last subnet.env that the cluster confirmed, kept where a reboot does not take it: <c>/run</c> is empty after one, and until the
/// cluster is reached no pod could start. It is of one node: on a disk that was copied to another it counts for nothing.
/// </summary>
/// <param name="directory">Where it is kept.</param>
/// <param name="node">The node's name in the cluster.</param>
public sealed class LastGoodState(string directory, string node)
{
    private const string NodeKey = "PLUGBOARD_NODE=";

    private string FilePath => $"{directory}/subnet.env";

    /// <summary>Keeps what was confirmed; nothing is written where it is kept already.</summary>
    /// <returns>Whether it was written.</returns>
    /// <exception cref="Linux.ErrnoException">It cannot be written.</exception>
    public bool Save(SubnetFile confirmed) => DurableFile.Write(FilePath, Encoding.UTF8.GetBytes($"{confirmed.Render()}{NodeKey}{node}\n"));

    /// <summary>What was confirmed last; null if nothing is kept, it cannot be understood, or it is another node's.</summary>
    /// <exception cref="Linux.ErrnoException">It cannot be read.</exception>
    public SubnetFile? Find()
    {
        if (DurableFile.FindReadable(FilePath) is not { } content)
            return null;
        var text = Encoding.UTF8.GetString(content);
        if (!text.EndsWith($"\n{NodeKey}{node}\n", StringComparison.Ordinal))
            return null;
        try
        {
            return SubnetFile.Parse(text, FilePath);
        }
        catch (SubnetFileException)
        {
            return null;
        }
    }

    /// <summary>
    /// Writes what was confirmed last to where the plugins read it, unless something that can be understood is there: that is of this boot.
    /// </summary>
    /// <param name="subnetFile">The plugins' file, such as <see cref="SubnetFile.DefaultPath"/>.</param>
    /// <returns>What was written; null: nothing.</returns>
    /// <exception cref="Linux.ErrnoException">A file cannot be read or written.</exception>
    public SubnetFile? Restore(string subnetFile)
    {
        if (IsUnderstood(subnetFile) || Find() is not { } kept)
            return null;
        kept.Write(subnetFile);
        return kept;
    }

    /// <summary>Forgets it, as when the node leaves the cluster; false if nothing was kept.</summary>
    public bool Forget() => DurableFile.Remove(FilePath);

    private static bool IsUnderstood(string path)
    {
        try
        {
            return SubnetFile.Find(path) is not null;
        }
        catch (Exception e) when (e is SubnetFileException or UnusableFileException)
        {
            return false;
        }
    }
}
