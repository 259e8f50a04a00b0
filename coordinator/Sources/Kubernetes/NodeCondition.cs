namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>A condition of a Node.</summary>
/// <param name="Status">True, False or Unknown.</param>
/// <param name="Reason">One word.</param>
/// <param name="Message">A sentence.</param>
internal sealed record NodeCondition(string Status, string Reason, string Message)
{
    /// <summary>Since when its status is that; null: it does not say.</summary>
    public string? LastTransition { get; init; }

    /// <summary>Whether two conditions are equal, apart from their times.</summary>
    public bool Tells(NodeCondition other) => Status == other.Status && Reason == other.Reason && Message == other.Message;
}
