namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// The token of this node's user, reused while etcd accepts it: by successive clients, and by all requests at once. Each login costs the
/// server a slow hash.
/// </summary>
internal sealed class EtcdLogin
{
    private readonly Lock turn = new();
    private Task<string>? last;

    /// <summary>The token; empty if etcd needs no login.</summary>
    /// <param name="refused">The token that etcd no longer accepts; null: none was tried.</param>
    /// <param name="ask">Requests a new token from etcd; on behalf of all waiting callers, so no caller cancels it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task<string> GetAsync(string? refused, Func<Task<string>> ask, CancellationToken cancellation)
    {
        lock (turn)
        {
            // A caller that arrives during another's login, or whose refused token was replaced meanwhile, takes the new token.
            if (last is null or { IsFaulted: true } or { IsCanceled: true } || (last.IsCompletedSuccessfully && last.Result == refused))
                last = ask();
            return last.WaitAsync(cancellation);
        }
    }
}
