using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>One call of a plugin: what the environment and standard input said, already validated for its verb.</summary>
public sealed record CniRequest
{
    /// <summary>CNI_COMMAND.</summary>
    public required CniVerb Verb { get; init; }

    /// <summary>CNI_CONTAINERID; may be empty for GC and STATUS.</summary>
    public string ContainerId { get; init; } = "";

    /// <summary>CNI_NETNS: a path; may be empty for DEL, GC and STATUS.</summary>
    public string NetNs { get; init; } = "";

    /// <summary>CNI_IFNAME; may be empty for GC and STATUS.</summary>
    public string IfName { get; init; } = "";

    /// <summary>CNI_ARGS as it came; may be empty.</summary>
    public string Args { get; init; } = "";

    /// <summary>CNI_PATH: where delegates are looked for, divided by colons.</summary>
    public string Path { get; init; } = "";

    /// <summary>Standard input to the byte: what a delegate is given.</summary>
    public required byte[] StdinBytes { get; init; }

    /// <summary>The whole config.</summary>
    public required ConfigNode Config { get; init; }

    /// <summary>The config's <c>name</c>.</summary>
    public required string NetworkName { get; init; }

    /// <summary>The config's <c>cniVersion</c>; 0.1.0 where it says none.</summary>
    public required string CniVersion { get; init; }

    /// <summary>CNI_NETNS_OVERRIDE: the namespace may be the plugin's own.</summary>
    public bool NetNsOverride { get; init; }

    /// <summary>
    /// The plugins that wait for a delegate of this call: those that called each other, outermost first, and last the one that serves it.
    /// </summary>
    public IReadOnlyList<string> Callers { get; init; } = [];

    /// <summary>The request of a validated environment and config.</summary>
    public static CniRequest From(CniEnvironment environment, CniVerb verb, NetworkConfig config, byte[] stdin) =>
        new()
        {
            Verb = verb,
            ContainerId = environment.ContainerId,
            NetNs = environment.NetNs,
            IfName = environment.IfName,
            Args = environment.Args,
            Path = environment.Path,
            NetNsOverride = environment.NetNsOverride,
            StdinBytes = stdin,
            Config = config.Root,
            NetworkName = config.Name,
            CniVersion = config.DecodeVersion(),
        };

    /// <summary>The interface, container and network that the call is about.</summary>
    public Attachment Attachment => new(NetworkName, ContainerId, IfName);

    /// <summary>The same call with another verb, as a delegate gets it.</summary>
    public CniRequest WithVerb(CniVerb verb) => this with { Verb = verb };

    /// <summary>
    /// The config's <c>prevResult</c>; null if absent. An invalid one is a <see cref="CniException"/>, so DEL uses <see
    /// cref="FindPrevResultLeniently"/>.
    /// </summary>
    public CniResult? FindPrevResult() => Config.Find("prevResult") is { } node ? CniResultReader.ReadPrevious(node, CniVersion) : null;

    /// <summary>ADD's result, which CHECK gets.</summary>
    /// <param name="prefix">What the message begins with, where the reference's does.</param>
    /// <exception cref="CniException">Code 7: the config has no <c>prevResult</c>; or it is invalid.</exception>
    public CniResult GetPrevResult(string prefix = "") =>
        FindPrevResult()
        ?? throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            $"{prefix}Required prevResult missing",
            "CHECK wants the result of ADD as prevResult in the network config"
        );

    /// <summary>The config's <c>prevResult</c>; null if absent or invalid.</summary>
    public CniResult? FindPrevResultLeniently()
    {
        try
        {
            return FindPrevResult();
        }
        catch (CniException)
        {
            return null;
        }
    }

    /// <summary>
    /// True if this call is of no pod (STATUS, <c>validate</c>) and the config leaves a value to the runtime, which gives it with each
    /// pod's calls (<c>"capabilities": {"ips": true}</c>): that the value is missing is no fault then.
    /// </summary>
    /// <param name="capability">The key of <c>capabilities</c> and <c>runtimeConfig</c>.</param>
    public bool IsGivenPerPod(string capability)
    {
        try
        {
            return Verb == CniVerb.Status && Config.FindObject("capabilities")?.FindBool(capability) == true;
        }
        catch (CniException)
        {
            // A wrong type leaves nothing to the runtime: libcni refuses the config.
            return false;
        }
    }

    /// <summary>
    /// GC: the attachments that are still valid, by <c>cni.dev/valid-attachments</c> or the older <c>cni.dev/attachments</c>. Null if the
    /// config has neither: then stale ones are unknown. Empty: all are stale.
    /// </summary>
    /// <exception cref="CniException">Code 7: it is not a list of attachments, or an entry names none.</exception>
    public IReadOnlySet<Attachment>? FindValidAttachments() => ValidAttachments.Find(Config, NetworkName);
}
