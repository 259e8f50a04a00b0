namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>The Kubernetes API's address, and what is read and written there.</summary>
internal sealed record KubernetesOptions
{
    /// <summary>This node's name: the Node's.</summary>
    public required string NodeName { get; init; }

    /// <summary>The API server; overrides that of the service account or the kubeconfig; null: theirs.</summary>
    public Uri? ApiServer { get; init; }

    /// <summary>A kubeconfig; null: the service account.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Where a pod finds its service account's token and the cluster's authorities.</summary>
    public string ServiceAccountDirectory { get; init; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>The prefix of flannel's annotations: <c>fqdn</c> or <c>fqdn/x-</c>.</summary>
    public string AnnotationPrefix { get; init; } = "flannel.alpha.coreos.com";

    /// <summary>Whether the Node's condition NetworkUnavailable is written.</summary>
    public bool SetNetworkUnavailable { get; init; } = true;

    /// <summary>Which Nodes are peers.</summary>
    public PeersMode Peers { get; init; } = PeersMode.Annotations;

    /// <summary>The key of a taint to remove when the Node is ready; null: none.</summary>
    public string? StartupTaint { get; init; }

    /// <summary>How long the node must be not ready before the API gets the condition.</summary>
    public TimeSpan NotReadyGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The shortest time between two events with the same reason.</summary>
    public TimeSpan EventInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many Nodes a page of the list has.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>The limits for one list and one object.</summary>
    public ReadingLimits Limits { get; init; } = new();

    /// <summary>How long the server may be silent within a watch; it sends a bookmark each minute.</summary>
    public TimeSpan WatchSilence { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>How long an answer, or a part of a long one, is waited for.</summary>
    public TimeSpan AnswerTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What spreads the nodes' requests in time; no secret comes of it.</summary>
    public Random Random { get; init; } = Random.Shared;
}
