namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// Whether another process writes this node's lease too: another machine with its address, or an operator. For several threads.
/// </summary>
/// <param name="log">Gets the line, once for each key.</param>
internal sealed class LeaseContest(Action<string> log)
{
    private readonly Lock changing = new();
    private readonly Complaints complaints = new(log);
    private string? written;
    private bool isContested;

    /// <summary>This node is about to write this value: it may be seen before the response arrives.</summary>
    public void Write(string value)
    {
        lock (changing)
            written = value;
    }

    /// <summary>The lease has another value than before.</summary>
    public void See(OwnLease lease)
    {
        lock (changing)
        {
            if (lease.Value == written)
                return;
            isContested = true;
            complaints.Add(
                $"another process wrote this node's lease {lease.Key}, it is written again; if that goes on, two machines have one address "
                    + "(--public-ip), and one network"
            );
        }
    }

    /// <summary>Whether another process wrote it since the last call.</summary>
    public bool Take()
    {
        lock (changing)
        {
            var taken = isContested;
            isContested = false;
            return taken;
        }
    }
}
