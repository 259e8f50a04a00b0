using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>The changes to this node's Node: only what differs. Pure.</summary>
/// <param name="names">The annotations' names.</param>
internal sealed class OwnNodePatch(AnnotationNames names)
{
    /// <summary>The type of the one condition that is written.</summary>
    public const string ConditionType = "NetworkUnavailable";

    private const int LongestShown = 64;

    private readonly Dictionary<string, string?> annotations = new(StringComparer.Ordinal);
    private readonly List<string> faults = [];
    private NodeCondition? condition;
    private DateTimeOffset at;

    /// <summary>What the operator wrote on the Node and cannot be meant, a sentence each.</summary>
    public IReadOnlyList<string> Faults => faults;

    /// <summary>True if there is nothing to write.</summary>
    public bool IsEmpty => annotations.Count == 0 && condition is null;

    /// <summary>True if the condition must be written.</summary>
    public bool HasCondition => condition is not null;

    /// <summary>
    /// Adds the annotations that are missing, other, or of a family that this node does not have any more: flannel forgets changes in one
    /// family of two.
    /// </summary>
    public void AddAnnotations(NodeObject seen, NodeAdvertisement wanted)
    {
        Add(seen, AnnotationNames.Managed, "true");
        Add(seen, AnnotationNames.BackendType, wanted.BackendType);
        AddFamily(seen, wanted, wanted.Vtep4, is6: false);
        AddFamily(seen, wanted, wanted.Vtep6, is6: true);
    }

    private void AddFamily(NodeObject seen, NodeAdvertisement wanted, VtepData? vtep, bool is6)
    {
        var (data, address) = is6
            ? (AnnotationNames.BackendV6Data, AnnotationNames.PublicIPv6)
            : (AnnotationNames.BackendData, AnnotationNames.PublicIP);
        string? published = null;
        if (wanted.BackendType != "vxlan" || vtep is not null)
            published = FindAddress(seen, wanted, is6)?.ToString();
        Add(seen, address, published);
        Add(seen, data, published is null ? null : BackendData.Write(vtep));
    }

    // Only a family that the node has can be published under another address.
    private IPAddr? FindAddress(NodeObject seen, NodeAdvertisement wanted, bool is6)
    {
        foreach (var own in wanted.Addresses)
        {
            if (own.Is6 != is6)
                continue;
            if (seen.Annotation(is6 ? AnnotationNames.PublicIPv6Overwrite : AnnotationNames.PublicIPOverwrite) is not { } overwrite)
                return own;
            if (IPAddr.TryParse(overwrite, out var other) && other.Is6 == is6)
                return other;
            // A typing error does not move the node: what is published stays.
            faults.Add(
                $"its annotation {names.Prefix}{(is6 ? AnnotationNames.PublicIPv6Overwrite : AnnotationNames.PublicIPOverwrite)} is "
                    + $"{Complaints.Quote(overwrite, LongestShown)}, which is not an {(is6 ? "IPv6" : "IPv4")} address"
            );
            return
                IPAddr.TryParse(seen.Annotation(is6 ? AnnotationNames.PublicIPv6 : AnnotationNames.PublicIP), out var published)
                && published.Is6 == is6
                ? published
                : own;
        }

        return null;
    }

    private void Add(NodeObject seen, string name, string? value)
    {
        if (seen.Annotations.GetValueOrDefault(name) != value)
            annotations[name] = value;
    }

    /// <summary>Adds the condition where the API has another.</summary>
    public void AddCondition(NodeObject seen, NodeCondition wanted, DateTimeOffset now)
    {
        if (seen.NetworkUnavailable is { } known && known.Tells(wanted))
            return;
        at = now;
        condition =
            seen.NetworkUnavailable is { LastTransition: { } since } same && same.Status == wanted.Status
                ? wanted with
                {
                    LastTransition = since,
                }
                : wanted;
    }

    /// <summary>As a strategic merge patch of the Node's status, which carries annotations too.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (annotations.Count > 0)
                WriteAnnotations(json);
            if (condition is not null)
                WriteCondition(json, condition);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private void WriteAnnotations(Utf8JsonWriter json)
    {
        json.WriteStartObject("metadata");
        json.WriteStartObject("annotations");
        foreach (var (name, value) in annotations)
            json.WriteString($"{names.Prefix}{name}", value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteCondition(Utf8JsonWriter json, NodeCondition written)
    {
        json.WriteStartObject("status");
        json.WriteStartArray("conditions");
        json.WriteStartObject();
        json.WriteString("type", ConditionType);
        json.WriteString("status", written.Status);
        json.WriteString("reason", written.Reason);
        json.WriteString("message", written.Message);
        json.WriteString("lastHeartbeatTime", Text(at));
        json.WriteString("lastTransitionTime", written.LastTransition ?? Text(at));
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>A time as the API writes it: RFC 3339 in whole seconds.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
