using System.Text.Json;
using Plugboard.Protocols.Cni;

namespace Plugboard.Flannel;

/// <summary>The keys of a flannel config, read and validated. Pure.</summary>
internal sealed record FlannelConfig
{
    private const string DefaultDataDir = "/var/lib/cni/flannel";

    private static readonly string[] Keys = ["dns", "subnetFile", "dataDir", "ipam", "delegate"];

    /// <summary>What the daemon says of this node.</summary>
    public string SubnetFile { get; private init; } = ClusterFiles.SubnetFile.DefaultPath;

    /// <summary>Where the delegate's configs are kept until DEL.</summary>
    public string DataDir { get; private init; } = DefaultDataDir;

    /// <summary>The delegate's config as far as it is given; null: nothing is.</summary>
    public JsonValue? Delegate { get; private init; }

    /// <summary>The IPAM config as far as it is given; null: nothing is.</summary>
    public JsonValue? Ipam { get; private init; }

    /// <summary>The routes of <see cref="Ipam"/>.</summary>
    public IReadOnlyList<CniRoute> Routes { get; private init; } = [];

    /// <summary>What the runtime adds, for the delegate; null: nothing.</summary>
    public JsonValue? RuntimeConfig { get; private init; }

    /// <summary>The config's <c>cniVersion</c>; null if it says none.</summary>
    public string? CniVersion { get; private init; }

    /// <summary>Reads the config of an ADD; what is wrong is a <see cref="CniException"/>.</summary>
    public static FlannelConfig Parse(CniRequest request)
    {
        var node = request.Config;
        return new FlannelConfig
        {
            SubnetFile = ReadPath(node, "subnetFile", ClusterFiles.SubnetFile.DefaultPath),
            DataDir = ReadPath(node, "dataDir", DefaultDataDir),
            Delegate = ReadDelegate(node),
            Ipam = node.FindObject("ipam")?.Value,
            Routes = ReadRoutes(node),
            RuntimeConfig = node.FindObject("runtimeConfig")?.Value,
            CniVersion = node.FindString("cniVersion") is { Length: > 0 } version ? version : null,
        };
    }

    /// <summary>Of a DEL's or GC's config only <c>dataDir</c> counts, and where that cannot be read the default does.</summary>
    public static string DataDirOf(CniRequest request)
    {
        try
        {
            return ReadPath(request.Config, "dataDir", DefaultDataDir);
        }
        catch (CniException)
        {
            return DefaultDataDir;
        }
    }

    /// <summary>All that is wrong with a config, a sentence each.</summary>
    public static IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = new List<string>();
        var node = request.Config;
        problems.Try("subnetFile", () => ReadPath(node, "subnetFile", ""));
        problems.Try("dataDir", () => ReadPath(node, "dataDir", ""));
        problems.Try("ipam", () => ReadRoutes(node));
        problems.Try("delegate", () => ReadDelegate(node));
        problems.Try("delegate", () => RequireOther(node));
        problems.Try("runtimeConfig", () => node.FindObject("runtimeConfig"));
        problems.AddUnknown(node, Keys, "is not a key of flannel and has no effect; the delegate's keys stand in \"delegate\"");
        return problems;
    }

    /// <summary>The config, for <c>validate</c>; null if it cannot be read, which <see cref="Validate"/> says.</summary>
    public static FlannelConfig? FindLeniently(CniRequest request)
    {
        try
        {
            return Parse(request);
        }
        catch (CniException)
        {
            return null;
        }
    }

    private static string ReadPath(ConfigNode node, string key, string defaultPath) =>
        node.GetString(key) is { Length: > 0 } path ? path : defaultPath;

    // The reference's own sentences.
    private static JsonValue? ReadDelegate(ConfigNode node)
    {
        if (node.FindObject("delegate") is not { } found)
            return null;
        var members = JsonMembers.From(found.Value);
        if (members.Find("type") is { Kind: not JsonValueKind.String })
            throw Invalid(
                "'delegate' dictionary, if present, must have (string) 'type' field",
                "name the plugin that connects the pods, such as \"bridge\""
            );
        foreach (var key in (ReadOnlySpan<string>)["name", "ipam"])
        {
            if (members.Has(key))
                throw Invalid(
                    $"'delegate' dictionary must not have '{key}' field, it'll be set by flannel",
                    $"{key} stands beside delegate, not in it"
                );
        }

        return found.Value;
    }

    private static void RequireOther(ConfigNode node)
    {
        if (node.FindObject("delegate") is { } found && JsonMembers.From(found.Value).Find("type") is { Text: "flannel" })
            throw Invalid("flannel cannot be its own delegate", "name the plugin that connects the pods, such as \"bridge\"");
    }

    private static IReadOnlyList<CniRoute> ReadRoutes(ConfigNode node)
    {
        if (node.FindObject("ipam") is not { } ipam || ipam.Find("routes") is not { } list)
            return [];
        try
        {
            return [.. list.AsList().Select(CniResultReader.ReadRoute)];
        }
        catch (CniException e)
        {
            throw new CniException(
                e.Code,
                $"failed to assemble Delegate IPAM: failed to read IPAM routes: failed to parse ipam.routes: {e.Message}",
                e.Details,
                e
            );
        }
    }

    private static CniException Invalid(string message, string details) => new(CniErrorCode.InvalidNetworkConfig, message, details);
}
