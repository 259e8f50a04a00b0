using System.Text.Json;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>The object that an event is about.</summary>
/// <param name="Kind">Its kind, as <c>Node</c>.</param>
/// <param name="Namespace">Its namespace; empty: it has none.</param>
/// <param name="Name">Its name.</param>
/// <param name="Uid">Its uid, by which kubectl finds the event.</param>
internal sealed record EventSubject(string Kind, string Namespace, string Name, string Uid)
{
    /// <summary>Its group and version.</summary>
    public string ApiVersion { get; init; } = "v1";

    /// <summary>A Node. As the kubelet does: a Node's own uid is not where kubectl looks.</summary>
    public static EventSubject OfNode(string name) => new("Node", "", name, name) { ApiVersion = "" };

    /// <summary>The namespace of its events.</summary>
    public string EventNamespace => Namespace.Length == 0 ? "default" : Namespace;

    /// <summary>Where its events are.</summary>
    public string EventPath => $"/api/v1/namespaces/{EventNamespace}/events";

    /// <summary>Writes it as the member <c>involvedObject</c>.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("involvedObject");
        json.WriteString("kind", Kind);
        if (ApiVersion.Length > 0)
            json.WriteString("apiVersion", ApiVersion);
        if (Namespace.Length > 0)
            json.WriteString("namespace", Namespace);
        json.WriteString("name", Name);
        json.WriteString("uid", Uid);
        json.WriteEndObject();
    }
}
