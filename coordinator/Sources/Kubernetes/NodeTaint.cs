namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>A taint of a Node.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Effect">NoSchedule, PreferNoSchedule or NoExecute.</param>
internal sealed record NodeTaint(string Key, string Effect);
