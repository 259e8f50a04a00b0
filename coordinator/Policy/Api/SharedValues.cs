using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Api;

/// <summary>
/// Thousands of pods have few namespaces, nodes, labels and named ports between them: each distinct value is kept once. For one thread.
/// </summary>
internal sealed class SharedValues
{
    // Values that change for ever must not fill the memory: what was shared stays so, what comes is shared from here.
    private const int Most = 4096;

    private readonly Dictionary<string, string> texts = new(StringComparer.Ordinal);
    private readonly Dictionary<Labels, Labels> labels = [];
    private readonly Dictionary<ValueArray<NamedPort>, ValueArray<NamedPort>> ports = [];

    /// <summary>A pod with shared values.</summary>
    public PolicyPod Share(PolicyPod pod) =>
        pod with
        {
            Name = new ObjectName(Share(pod.Name.Namespace), pod.Name.Name),
            Labels = Share(pod.Labels),
            NodeName = Share(pod.NodeName),
            Ports = Share(pod.Ports),
        };

    private string Share(string text) => Share(texts, text, static text => text);

    private Labels Share(Labels all) =>
        all.All.Count == 0
            ? Labels.None
            : Share(labels, all, all => Labels.Of(all.All.Select(label => new Label(Share(label.Key), Share(label.Value)))));

    private ValueArray<NamedPort> Share(ValueArray<NamedPort> all) =>
        all.Count == 0 ? [] : Share(ports, all, all => all.Select(port => port with { Name = Share(port.Name) }).ToValueArray());

    private static T Share<T>(Dictionary<T, T> known, T value, Func<T, T> make)
        where T : notnull
    {
        if (known.TryGetValue(value, out var shared))
            return shared;
        if (known.Count >= Most)
            known.Clear();
        shared = make(value);
        known.Add(shared, shared);
        return shared;
    }
}
