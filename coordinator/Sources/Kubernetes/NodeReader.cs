using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>
/// Reads a Node and makes no object of what is not kept: of a Node's 20,000 bytes that is all but a few hundred. What has another shape
/// than it should is passed over. Pure.
/// </summary>
/// <param name="names">The annotations that are kept.</param>
internal sealed class NodeReader(AnnotationNames names)
{
    /// <summary>The Node.</summary>
    /// <exception cref="ApiException">It is no JSON.</exception>
    public NodeObject Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            var node = new NodeObject();
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return node;
            while (JsonFields.Next(ref reader))
            {
                if (reader.ValueTextEquals("metadata"u8))
                    node = ReadMetadata(ref reader, node);
                else if (reader.ValueTextEquals("spec"u8))
                    node = ReadSpec(ref reader, node);
                else if (reader.ValueTextEquals("status"u8))
                    node = ReadStatus(ref reader, node);
                else
                    reader.Skip();
            }

            return node;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ApiException($"the Kubernetes API sent an invalid Node: {JsonFields.Describe(e)}", e);
        }
    }

    private NodeObject ReadMetadata(ref Utf8JsonReader reader, NodeObject node)
    {
        if (!JsonFields.Enter(ref reader, JsonTokenType.StartObject))
            return node;
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("name"u8))
                node = node with { Name = JsonFields.Text(ref reader) ?? "" };
            else if (reader.ValueTextEquals("uid"u8))
                node = node with { Uid = JsonFields.Text(ref reader) ?? "" };
            else if (reader.ValueTextEquals("resourceVersion"u8))
                node = node with { ResourceVersion = JsonFields.Text(ref reader) ?? "" };
            else if (reader.ValueTextEquals("creationTimestamp"u8))
                node = node with { CreatedAt = JsonFields.Time(ref reader) };
            else if (reader.ValueTextEquals("annotations"u8))
                node = node with { Annotations = ReadAnnotations(ref reader) };
            else
                reader.Skip();
        }

        return node;
    }

    private Dictionary<string, string> ReadAnnotations(ref Utf8JsonReader reader)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!JsonFields.Enter(ref reader, JsonTokenType.StartObject))
            return found;
        while (JsonFields.Next(ref reader))
        {
            if (names.Find(reader.ValueSpan) is not { } name)
                reader.Skip();
            else if (JsonFields.Text(ref reader) is { } value)
                found[name] = value;
        }

        return found;
    }

    private static NodeObject ReadSpec(ref Utf8JsonReader reader, NodeObject node)
    {
        if (!JsonFields.Enter(ref reader, JsonTokenType.StartObject))
            return node;
        var (cidrs, invalid) = (new List<IPPrefix>(), new List<string>());
        string? only = null;
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("podCIDR"u8))
                only = JsonFields.Text(ref reader);
            else if (reader.ValueTextEquals("podCIDRs"u8))
                ReadPodCidrs(ref reader, cidrs, invalid);
            else if (reader.ValueTextEquals("taints"u8))
                node = node with { Taints = ReadTaints(ref reader) };
            else
                reader.Skip();
        }

        if (cidrs.Count == 0 && only is not null)
            AddPodCidr(only, cidrs, invalid);
        return node with { PodCidrs = cidrs.ToValueArray(), InvalidPodCidrs = invalid.ToValueArray() };
    }

    private static void ReadPodCidrs(ref Utf8JsonReader reader, List<IPPrefix> cidrs, List<string> invalid)
    {
        if (!JsonFields.Enter(ref reader, JsonTokenType.StartArray))
            return;
        while (JsonFields.NextItem(ref reader))
        {
            if (reader.TokenType == JsonTokenType.String)
                AddPodCidr(reader.GetString()!, cidrs, invalid);
            else
                reader.Skip();
        }
    }

    private static void AddPodCidr(string text, List<IPPrefix> cidrs, List<string> invalid)
    {
        if (!IPPrefix.TryParse(text.Trim(), out var cidr))
        {
            if (text.Length > 0 && !invalid.Contains(text, StringComparer.Ordinal))
                invalid.Add(text);
        }
        else if (!cidrs.Exists(other => other.Is6 == cidr.Is6))
        {
            cidrs.Add(cidr.Network);
        }
    }

    private static ValueArray<NodeTaint> ReadTaints(ref Utf8JsonReader reader) =>
        JsonFields
            .Objects(ref reader)
            .Select(fields => new NodeTaint(fields.GetValueOrDefault("key", ""), fields.GetValueOrDefault("effect", "")))
            .ToValueArray();

    private static NodeObject ReadStatus(ref Utf8JsonReader reader, NodeObject node)
    {
        if (!JsonFields.Enter(ref reader, JsonTokenType.StartObject))
            return node;
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("addresses"u8))
                node = node with { Addresses = ReadAddresses(ref reader) };
            else if (reader.ValueTextEquals("conditions"u8))
                node = node with { NetworkUnavailable = FindNetworkUnavailable(ref reader) };
            else
                reader.Skip();
        }

        return node;
    }

    // Internal addresses before external ones; names are skipped.
    private static ValueArray<IPAddr> ReadAddresses(ref Utf8JsonReader reader)
    {
        var objects = JsonFields.Objects(ref reader);
        var found = new List<IPAddr>();
        foreach (var type in new[] { "InternalIP", "ExternalIP" })
        {
            foreach (var fields in objects)
            {
                if (
                    fields.GetValueOrDefault("type") == type
                    && IPAddr.TryParse(fields.GetValueOrDefault("address"), out var address)
                    && !found.Exists(other => other.Is6 == address.Is6)
                )
                    found.Add(address);
            }
        }

        return found.ToValueArray();
    }

    private static NodeCondition? FindNetworkUnavailable(ref Utf8JsonReader reader)
    {
        var fields = JsonFields.Objects(ref reader).Find(fields => fields.GetValueOrDefault("type") == "NetworkUnavailable");
        return fields is null
            ? null
            : new NodeCondition(
                fields.GetValueOrDefault("status", ""),
                fields.GetValueOrDefault("reason", ""),
                fields.GetValueOrDefault("message", "")
            )
            {
                LastTransition = fields.GetValueOrDefault("lastTransitionTime"),
            };
    }
}
