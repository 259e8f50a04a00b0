namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>Reads all of flannel's keys at once.</summary>
internal static class KeyList
{
    private const int LongestShown = 128;

    /// <summary>
    /// Everything below the prefix. Without the configuration no node counts as gone: it is another etcd, or an empty one.
    /// </summary>
    /// <exception cref="EtcdException">The configuration is missing, with a key that may be it; or etcd cannot be read.</exception>
    public static async Task<EtcdList> ReadAsync(EtcdClient client, string prefix, CancellationToken cancellation)
    {
        var list = await client.ListAsync($"{prefix}/", cancellation).ConfigureAwait(false);
        var config = $"{prefix}/config";
        if (list.Entries.Any(entry => entry.Key == config))
            return list;
        var near = await FindNearAsync(client, prefix, cancellation).ConfigureAwait(false);
        throw new EtcdException(
            $"etcd has no key {config}: flannel's net-conf.json belongs there"
                + (near is null ? "" : $"; it has a key {near}: correct that key, or --etcd-prefix")
        );
    }

    // In flannel's time of etcd v2 a slash at the beginning made no difference.
    private static async Task<string?> FindNearAsync(EtcdClient client, string prefix, CancellationToken cancellation)
    {
        if (prefix.Length == 0)
            return null;
        var other = prefix.StartsWith('/') ? prefix[1..] : $"/{prefix}";
        try
        {
            foreach (var root in (string[])[prefix, other])
            {
                var list = await client.ListAsync(root, cancellation).ConfigureAwait(false);
                var near = list.Entries.FirstOrDefault(entry =>
                    entry.Key == root || entry.Key.TrimEnd().Equals($"{root}/config", StringComparison.OrdinalIgnoreCase)
                );
                if (near is not null)
                    return Complaints.Quote(near.Key, LongestShown);
            }

            return null;
        }
        catch (EtcdException e) when (e.Code != 0)
        {
            // The user may not read it, or it is too much: there is no hint then.
            return null;
        }
    }
}
