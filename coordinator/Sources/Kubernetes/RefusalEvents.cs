using System.Globalization;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// An event for each peer that this node refuses, once while the refusal lasts. A cluster that is wholly misconfigured has a few from each
/// node, and a count of the rest.
/// </summary>
internal sealed class RefusalEvents(ObjectEvents events, KubernetesOptions options)
{
    private const string Reason = "PeerRefused";
    private const int MostAtOnce = 8;

    private readonly EventSubject about = EventSubject.OfNode(options.NodeName);
    private ValueArray<RefusedNode> told = [];
    private long since;
    private int count;

    /// <summary>Reports the refused peers that are new.</summary>
    public void Tell(ValueArray<RefusedNode> now)
    {
        if (now == told)
            return;
        var untold = 0;
        foreach (var refused in now.Except(told))
        {
            if (HasRoom())
                events.Add(about, new NodeReport(IsReady: false, Reason, $"refused ({refused.Reason}): {refused.Why}"), refused.Why);
            else
                untold++;
        }

        told = now;
        if (untold > 0)
            events.Add(
                about,
                new NodeReport(
                    IsReady: false,
                    Reason,
                    string.Create(CultureInfo.InvariantCulture, $"{untold} more are refused; coordinator audit on this node lists them")
                ),
                "rest"
            );
    }

    private bool HasRoom()
    {
        if (options.Time.GetElapsedTime(since) > options.EventInterval)
            (since, count) = (options.Time.GetTimestamp(), 0);
        return ++count <= MostAtOnce;
    }
}
