namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// The token of this node's user, kept while etcd accepts it: over the clients that are made one after the other, and for all requests at
/// once. Each login costs the server a hash that is made to be slow.
/// </summary>
internal sealed class EtcdLogin
{
    private readonly Lock turn = new();
    private Task<string>? last;

    /// <summary>The token; empty where etcd asks for none.</summary>
    /// <param name="refused">The one that etcd did not accept any more; null: none was tried.</param>
    /// <param name="ask">Asks etcd for another one; for all who wait for it, so nobody ends it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task<string> GetAsync(string? refused, Func<Task<string>> ask, CancellationToken cancellation)
    {
        lock (turn)
        {
            // Whoever comes while another logs in, or had a token refused that is replaced already, takes that.
            if (last is null or { IsFaulted: true } or { IsCanceled: true } || (last.IsCompletedSuccessfully && last.Result == refused))
                last = ask();
            return last.WaitAsync(cancellation);
        }
    }
}
