using Plugboard.Coordinator.Cluster;
using Plugboard.Documents;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Sources.Static;

/// <summary>
/// Reads the cluster from a file, again when it changes. If the file is missing or invalid, the last valid content stays in force.
/// </summary>
/// <param name="options">Which file.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Gets a line for each entry of the file without effect.</param>
internal sealed class StaticSource(StaticOptions options, TimeProvider time, Action<string> log) : IPeerSource
{
    /// <summary>The limit of a file's bytes; ten thousand nodes have one million.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    private static readonly TimeSpan pause = TimeSpan.FromSeconds(1);

    // A program that writes a file in place has written only a part of it for a moment.
    private static readonly TimeSpan settling = TimeSpan.FromMilliseconds(500);

    // Bytes: a thousand nodes.
    private const int Large = 100 * 1024;

    // How long no change must come before memory is returned.
    private static readonly TimeSpan quiet = TimeSpan.FromSeconds(2);

    private bool isLarge;
    private PeersMemory memory = new();
    private byte[]? seen;

    /// <inheritdoc/>
    public async Task RunAsync(NodeStore store, CancellationToken cancellation)
    {
        using var poll = new FilePoll(options.Path, time);
        while (true)
        {
            // A permission may have changed without a change of the file.
            if (await TryReadAsync(store, poll, cancellation).ConfigureAwait(false))
                await WaitAsync(poll, cancellation).ConfigureAwait(false);
            else
                await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
        }
    }

    // What a large file was read into is several times what is kept, and the next change may be days away.
    private async Task WaitAsync(FilePoll poll, CancellationToken cancellation)
    {
        var changed = poll.WaitAsync(cancellation);
        if (isLarge)
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (await Task.WhenAny(changed, Task.Delay(quiet, time, ending.Token)).ConfigureAwait(false) != changed)
            {
                isLarge = false;
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            }

            await ending.CancelAsync().ConfigureAwait(false);
        }

        await changed.ConfigureAwait(false);
    }

    /// <summary>No effect: the operator writes each node's data to the file.</summary>
    public void Advertise(NodeAdvertisement advertisement) { }

    /// <summary>No effect: the file cannot hold it.</summary>
    public void Report(NodeReport report) { }

    // False: retry although the file does not change.
    private async Task<bool> TryReadAsync(NodeStore store, FilePoll poll, CancellationToken cancellation)
    {
        try
        {
            var bytes = ReadBytes(poll.Look());
            if (seen is not null && bytes.AsSpan().SequenceEqual(seen))
                return true;
            seen = bytes;
            isLarge = bytes.Length >= Large;
            var (file, next) = PeersFileReader.Read(bytes, options.Network, memory, options.NodeName);
            if (store.Current.IsComplete && HasLost(store.Current, file))
            {
                await Task.Delay(settling, time, cancellation).ConfigureAwait(false);
                // It is being written: the final content is read then.
                if (poll.IsChanged)
                    return Forget(result: true);
            }

            memory = next;
            Tell(store, file);
            return true;
        }
        catch (DocumentException e)
        {
            store.SetSourceError(e.In(options.Path));
            return true;
        }
        catch (ErrnoException e)
        {
            store.SetSourceError(e.Message);
            return Forget(result: false);
        }
    }

    private bool Forget(bool result)
    {
        seen = null;
        return result;
    }

    private static bool HasLost(ClusterSnapshot known, PeersFile file)
    {
        var names = file.Nodes.Select(node => node.Name).ToHashSet(StringComparer.Ordinal);
        return known.Nodes.Keys.Any(name => !names.Contains(name));
    }

    private void Tell(NodeStore store, PeersFile file)
    {
        foreach (var warning in file.Warnings)
            log($"{options.Path}: {warning}");
        if (!file.Nodes.Any(node => node.Name == options.NodeName))
            log(
                $"{options.Path}: it has no node {options.NodeName}, this node's name"
                    + $"{Spelling.Hint(options.NodeName, file.Nodes.Select(node => node.Name))}"
            );
        foreach (var (gone, node) in FindRenamed(store.Current, file))
            log(
                $"{options.Path}: node {gone} is gone, and {node} has its address; its tunnel's hardware address is made from the new "
                    + "name unless vtepMAC sets another"
            );
        if (file.Network is { } network)
            store.SetNetwork(network);
        store.Replace(file.Nodes);
    }

    private static IEnumerable<(string Gone, string Node)> FindRenamed(ClusterSnapshot known, PeersFile file)
    {
        var names = file.Nodes.Select(node => node.Name).ToHashSet(StringComparer.Ordinal);
        var gone = known
            .Nodes.Values.Where(node => !names.Contains(node.Name))
            .SelectMany(node => node.Addresses.Select(address => (address, node.Name)))
            .ToLookup(each => each.address, each => each.Name);
        if (gone.Count == 0)
            return [];
        return file.Nodes.SelectMany(node =>
            node.Addresses.SelectMany(address => gone[address]).Distinct().Select(name => (name, node.Name))
        );
    }

    private byte[] ReadBytes(FileStatus? status)
    {
        if (status is not { } found)
            throw Unreadable("no such file");
        if (found.Size > MostBytes)
            throw Unreadable($"it has {found.Size} bytes, more than {MostBytes}");
        using var file = FileDescriptor.FindForReading(options.Path) ?? throw Unreadable("no such file");
        var buffer = new byte[MostBytes < found.Size + 1 ? MostBytes : found.Size + 1];
        return buffer[..file.ReadAt(buffer, 0)];
    }

    private DocumentException Unreadable(string why)
    {
        seen = null;
        return new DocumentException(0, why);
    }
}
