using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// The cluster as the Kubernetes API has it, beside flanneld. One task follows the Nodes, another keeps this node's own; neither ends
/// because the API cannot be asked.
/// </summary>
internal sealed class KubernetesSource : IPeerSource
{
    private readonly KubernetesOptions options;
    private readonly AnnotationNames names;
    private readonly Action<string> log;
    private readonly HttpConnections connections;
    private readonly Func<string, string?> variable;
    private readonly OwnNode own;

    private KubernetesSource(
        KubernetesOptions options,
        AnnotationNames names,
        Action<string> log,
        (HttpConnections, Func<string, string?>) environment
    )
    {
        this.options = options;
        this.names = names;
        this.log = log;
        (connections, variable) = environment;
        own = new OwnNode(options.Time);
    }

    /// <summary>Creates the source; it sends no request yet.</summary>
    /// <param name="options">The API's address and credentials.</param>
    /// <param name="log">Gets a line for what the store cannot hold.</param>
    /// <param name="connections">Opens connections to servers; null: as usual.</param>
    /// <param name="variable">The environment; null: the process's.</param>
    /// <exception cref="FormatException">The annotations' prefix is invalid.</exception>
    public static KubernetesSource Create(
        KubernetesOptions options,
        Action<string> log,
        HttpConnections? connections = null,
        Func<string, string?>? variable = null
    ) =>
        new(
            options,
            AnnotationNames.From(options.AnnotationPrefix),
            log,
            (connections ?? new HttpConnections(), variable ?? Environment.GetEnvironmentVariable)
        );

    /// <inheritdoc/>
    public async Task RunAsync(NodeStore store, CancellationToken cancellation)
    {
        using var client = new ApiClient(options, connections, variable);
        var api = new ObjectApi<NodeObject>(client, ResourceKind.Nodes(options.Limits), new NodeReader(names).Read, options);
        var sink = new NodeSink(
            new NodeSinkParts(new NodeMapper(options), own, options.NodeName)
            {
                LastGood = new LastGoodAnnotations(names, options.NodeName, log),
            },
            store
        );
        var follower = new ObjectFollower<NodeObject>(api, sink, options);
        var writer = new OwnNodeWriter(
            new NodeWriterParts(client, names, options, new ObjectEvents(client, options, log)) { Log = log },
            own,
            store
        );
        // A fault that ends one of them ends the other: the runner restarts both.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] tasks = [follower.RunAsync(either.Token), writer.RunAsync(either.Token)];
        var first = await Task.WhenAny(tasks).ConfigureAwait(false);
        await either.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Advertise(NodeAdvertisement advertisement) => own.Want(advertisement);

    /// <inheritdoc/>
    public void Report(NodeReport report) => own.Want(report);

    /// <inheritdoc/>
    public void ReportRefused(ValueArray<RefusedNode> refused) => own.Want(refused);
}
