using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Files;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Routes;
using Plugboard.Coordinator.Sources.Etcd;
using Plugboard.Coordinator.Sources.Kubernetes;

namespace Plugboard.Coordinator.Cli;

/// <summary>All that the operator chose, checked.</summary>
internal sealed record Settings
{
    /// <summary>This node's name in the cluster.</summary>
    public required string NodeName { get; init; }

    /// <summary>Where the nodes are read.</summary>
    public required SourceKind Source { get; init; }

    /// <summary>static: the file.</summary>
    public required string PeersFile { get; init; }

    /// <summary>etcd: the registry.</summary>
    public required EtcdOptions Etcd { get; init; }

    /// <summary>kubernetes: the API.</summary>
    public required KubernetesOptions Kubernetes { get; init; }

    /// <summary>The cluster network from this node's own configuration; null: the source's configuration applies.</summary>
    public NetConf? Network { get; init; }

    /// <summary>How the node's link is chosen.</summary>
    public required UplinkOptions Uplink { get; init; }

    /// <summary>What is chosen of routes.</summary>
    public required RouteOptions Routes { get; init; }

    /// <summary>The masquerading rules to maintain; null: none.</summary>
    public MasqueradeOptions? Masquerade { get; init; }

    /// <summary>agent: its configuration file.</summary>
    public string MasqueradeConfig { get; init; } = "";

    /// <summary>agent: where its last good content is kept; null: nowhere.</summary>
    public string? MasqueradeBackup { get; init; }

    /// <summary>How network policy is enforced; null: it is not.</summary>
    public PolicyOptions? Policy { get; init; }

    /// <summary>Whether the plugins' rules of pods are restored after another process removed them.</summary>
    public bool RestoresPods { get; init; } = true;

    /// <summary>What the plugins read; null: nothing is written.</summary>
    public FilesOptions? Files { get; init; }

    /// <summary>How often everything is looked at.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>The address of the status server.</summary>
    public Addresses.IPAddr HealthzIP { get; init; } = Addresses.IPAddr.Parse("127.0.0.1");

    /// <summary>Its port; 0: no status server.</summary>
    public int HealthzPort { get; init; }
}
