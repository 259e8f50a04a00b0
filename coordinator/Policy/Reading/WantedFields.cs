using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Documents;

namespace Plugboard.Coordinator.Policy.Reading;

/// <summary>What the readers need of objects in JSON: a pod of three thousand bytes has three hundred that matter. Pure.</summary>
internal static class WantedFields
{
    private static readonly DocumentFields container = DocumentFields.Of(
        ("restartPolicy", null),
        ("ports", DocumentFields.Of(("name", null), ("containerPort", null), ("protocol", null)))
    );

    private static readonly (string, DocumentFields?) metadata = (
        "metadata",
        DocumentFields.Of(
            ("name", null),
            ("namespace", null),
            ("uid", null),
            ("labels", null),
            ("annotations", DocumentFields.Of((PolicyNamespace.IsolationAnnotation, null))),
            ("creationTimestamp", null),
            ("deletionTimestamp", null)
        )
    );

    private static readonly (string, DocumentFields?) spec = (
        "spec",
        DocumentFields.Of(("nodeName", null), ("hostNetwork", null), ("containers", container), ("initContainers", container))
    );

    private static readonly (string, DocumentFields?) addresses = ("addresses", DocumentFields.Of(("type", null), ("address", null)));

    private static readonly (string, DocumentFields?) status = (
        "status",
        DocumentFields.Of(("phase", null), ("podIP", null), ("podIPs", DocumentFields.Of(("ip", null))), addresses)
    );

    /// <summary>Of a Pod.</summary>
    public static DocumentFields OfPod { get; } = DocumentFields.Of(metadata, spec, status);

    /// <summary>Of a Namespace.</summary>
    public static DocumentFields OfNamespace { get; } = DocumentFields.Of(metadata);

    /// <summary>Of a Node.</summary>
    public static DocumentFields OfNode { get; } = DocumentFields.Of(metadata, ("status", DocumentFields.Of(addresses)));

    /// <summary>Of a NetworkPolicy, whose spec is read wholly: a mistyped word in it must be seen.</summary>
    public static DocumentFields OfPolicy { get; } = DocumentFields.Of(metadata, ("spec", null));

    /// <summary>Of a file of Pods, Namespaces and Nodes: one of them, or a list.</summary>
    public static DocumentFields OfPodFile { get; } =
        DocumentFields.Of(("kind", null), metadata, spec, status, ("items", DocumentFields.Of(("kind", null), metadata, spec, status)));
}
