using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration.Documents;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Sources.Static;

/// <summary>
/// The cluster as a file tells it, read again when it changes. A file that is missing or cannot be used leaves what was read before in force.
/// </summary>
/// <param name="options">Which file.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Gets a line for each thing in the file that is without effect.</param>
internal sealed class StaticSource(StaticOptions options, TimeProvider time, Action<string> log) : IPeerSource
{
    /// <summary>A file of more bytes is refused; ten thousand nodes have one.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    private static readonly TimeSpan pause = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task RunAsync(ClusterBoard board, CancellationToken cancellation)
    {
        using var poll = new FilePoll(options.Path, time);
        while (true)
        {
            // What was forbidden may be allowed without the file's being another.
            if (TryRead(board, poll))
                await poll.WaitAsync(cancellation).ConfigureAwait(false);
            else
                await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Nothing: each node's file says what the others are to know.</summary>
    public void Advertise(NodeAdvertisement advertisement)
    {
    }

    /// <summary>Nothing: nobody reads it.</summary>
    public void Report(NodeReport report)
    {
    }

    private bool TryRead(ClusterBoard board, FilePoll poll)
    {
        PeersFile file;
        try
        {
            file = PeersFileReader.Read(ReadBytes(poll.Look()), options.Network);
        }
        catch (DocumentException e)
        {
            board.SetHindrance(e.In(options.Path));
            return true;
        }
        catch (ErrnoException e)
        {
            board.SetHindrance(e.Message);
            return false;
        }

        foreach (var warning in file.Warnings)
            log($"{options.Path}: {warning}");
        if (!file.Nodes.Any(node => node.Name == options.NodeName))
            log($"{options.Path}: no node is called {options.NodeName}, as this one is");
        if (file.Network is { } network)
            board.SetNetwork(network);
        board.Replace(file.Nodes);
        return true;
    }

    private byte[] ReadBytes(FileStatus? status)
    {
        if (status is not { } found)
            throw new DocumentException(0, "there is no such file");
        // A pipe would be waited for.
        if (!found.IsRegular)
            throw new DocumentException(0, "it is no regular file");
        if (found.Size > MostBytes)
            throw new DocumentException(0, $"it has {found.Size} bytes, more than {MostBytes}");
        using var file = FileDescriptor.FindForReading(options.Path) ?? throw new DocumentException(0, "there is no such file");
        var buffer = new byte[MostBytes < found.Size + 1 ? MostBytes : found.Size + 1];
        return buffer[..file.ReadAt(buffer, 0)];
    }
}
