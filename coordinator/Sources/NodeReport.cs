namespace Plugboard.Coordinator.Sources;

/// <summary>The state of this node: Kubernetes' condition NetworkUnavailable, and an event when it changes.</summary>
/// <param name="IsReady">True: pods can be started here.</param>
/// <param name="Reason">One word in CamelCase for programs, as <c>CoordinatorReady</c>, <c>DuplicatePodCidr</c>.</param>
/// <param name="Message">A sentence for people.</param>
internal sealed record NodeReport(bool IsReady, string Reason, string Message);
