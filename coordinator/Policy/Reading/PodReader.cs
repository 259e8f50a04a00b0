using System.Globalization;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Documents;
using Plugboard.Firewall.Ports;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Reading;

/// <summary>
/// Reads what policy needs of Pods and Namespaces, as the API serves them; all else of them is passed over. Pure.
/// </summary>
/// <param name="limits">What they may have at most.</param>
/// <param name="readsAnnotation">The annotation <see cref="PolicyNamespace.IsolationAnnotation"/> isolates a namespace's pods.</param>
internal sealed class PodReader(PolicyLimits limits, bool readsAnnotation = false)
{
    private const string DefaultDeny = "DefaultDeny";

    private readonly ObjectFields fields = new(limits);

    /// <summary>The Namespace.</summary>
    /// <exception cref="DocumentException">It is invalid: with the line and the reason.</exception>
    public PolicyNamespace ReadNamespace(DocumentNode document)
    {
        var metadata = document.Find("metadata") ?? throw document.Error("the namespace has no metadata");
        return ReadLabelled(metadata) with { IsIsolated = readsAnnotation && ReadIsolation(metadata) };
    }

    /// <summary>A Namespace whose annotation cannot be read: isolated; null: its labels cannot be read either.</summary>
    public PolicyNamespace? FindIsolated(DocumentNode document)
    {
        try
        {
            return ReadLabelled(document.Find("metadata")!) with { IsIsolated = readsAnnotation };
        }
        catch (DocumentException)
        {
            return null;
        }
    }

    private PolicyNamespace ReadLabelled(DocumentNode metadata)
    {
        var name = ObjectFields.ReadName(metadata);
        return new PolicyNamespace(name, fields.ReadLabels(metadata.Find("labels")).WithDefault(PolicyNamespace.NameLabel, name));
    }

    // {"ingress": {"isolation": "DefaultDeny"}}
    private static bool ReadIsolation(DocumentNode metadata)
    {
        if (metadata.Find("annotations")?.Find(PolicyNamespace.IsolationAnnotation) is not { } annotation)
            return false;
        try
        {
            var value = JsonDocumentReader.Read(Encoding.UTF8.GetBytes(annotation.AsText()));
            if (value.AsMap().Find("ingress")?.AsMap().Find("isolation") is not { } isolation)
                return false;
            return isolation.AsText() == DefaultDeny
                ? true
                : throw isolation.Refused($"{isolation.Quoted} is not {DefaultDeny}{Spelling.Hint(isolation.Text, [DefaultDeny])}");
        }
        catch (DocumentException e)
        {
            throw annotation.Refused($"cannot be read: {e.What}");
        }
    }

    /// <summary>The Pod.</summary>
    /// <exception cref="DocumentException">It is invalid: with the line and the reason.</exception>
    public PolicyPod Read(DocumentNode document)
    {
        var pod = ReadPlace(document);
        return pod with
        {
            Labels = fields.ReadLabels(document.Find("metadata")!.Find("labels")),
            Ports = document.Find("spec") is { } spec ? ReadPorts(spec) : [],
        };
    }

    /// <summary>A Pod whose labels or ports cannot be read: closed; null: it has no address that could be closed.</summary>
    public PolicyPod? FindClosed(DocumentNode document)
    {
        try
        {
            return ReadPlace(document) with { IsClosed = true };
        }
        catch (DocumentException)
        {
            return null;
        }
    }

    private static PolicyPod ReadPlace(DocumentNode document)
    {
        var metadata = document.Find("metadata") ?? throw document.Error("the pod has no metadata");
        var name = ObjectFields.ReadNamespacedName(metadata);
        var (spec, status) = (document.Find("spec"), document.Find("status"));
        var pod = new PolicyPod
        {
            Name = name,
            CreatedAt = ReadTime(metadata.Find("creationTimestamp")),
            IsLeaving = metadata.Find("deletionTimestamp") is not null,
            NodeName = spec?.Find("nodeName")?.AsText() ?? "",
            IsHostNetwork = spec?.Find("hostNetwork")?.AsBoolean() ?? false,
            IsFinished = status?.Find("phase")?.AsText() is "Succeeded" or "Failed",
            Addresses = status is null ? [] : ReadAddresses(status),
        };
        return pod.IsOnNetwork && pod.NodeName.Length == 0
            ? throw document.Error($"pod {name} has an address and no spec.nodeName: its policies are enforced on its node")
            : pod;
    }

    private static DateTimeOffset ReadTime(DocumentNode? node)
    {
        if (node is null)
            return default;
        return DateTimeOffset.TryParse(node.AsText(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw node.Refused($"{node.Quoted} is not a time");
    }

    private static ValueArray<IPAddr> ReadAddresses(DocumentNode status)
    {
        var found = new List<IPAddr>();
        if (status.Find("podIPs") is { } list)
        {
            foreach (var item in list.AsList())
            {
                var node = item.AsMap().Find("ip") ?? throw item.Error("an entry of podIPs has no ip");
                var address = ReadAddress(node);
                if (found.Exists(other => other.Is6 == address.Is6))
                    throw node.Refused($"{address} is a second {(address.Is6 ? "IPv6" : "IPv4")} address");
                found.Add(address);
            }
        }

        if (found.Count == 0 && status.Find("podIP") is { } only)
            found.Add(ReadAddress(only));
        return found.Order().ToValueArray();
    }

    private static IPAddr ReadAddress(DocumentNode node) =>
        IPAddr.TryParse(node.AsText(), out var address) && address.IsGlobalUnicast
            ? address
            : throw node.Refused($"{node.Quoted} is not the address of a pod");

    private ValueArray<NamedPort> ReadPorts(DocumentNode spec)
    {
        var ports = new HashSet<NamedPort>();
        foreach (var container in spec.Find("containers")?.AsList() ?? [])
            AddPorts(container, ports);
        // A sidecar is an init container that goes on running.
        foreach (var container in spec.Find("initContainers")?.AsList() ?? [])
        {
            if (container.Find("restartPolicy")?.Text == "Always")
                AddPorts(container, ports);
        }

        if (ports.Count > limits.Parts)
            throw spec.Error(string.Create(CultureInfo.InvariantCulture, $"it has {ports.Count} named ports: {limits.Parts} is the limit"));
        return ports.OrderBy(static port => port.Name, StringComparer.Ordinal).ThenBy(static port => port.Port).ToValueArray();
    }

    private static void AddPorts(DocumentNode container, HashSet<NamedPort> ports)
    {
        foreach (var port in container.Find("ports")?.AsList() ?? [])
        {
            if (port.Find("name") is not { } name || port.Find("containerPort") is not { } number)
                continue;
            var protocol = port.Find("protocol") is { } word ? NetworkPolicyReader.ReadProtocol(word) : PortProtocol.Tcp;
            ports.Add(new NamedPort(NetworkPolicyReader.ReadPortName(name), protocol, (ushort)number.AsInteger(1, ushort.MaxValue)));
        }
    }
}
