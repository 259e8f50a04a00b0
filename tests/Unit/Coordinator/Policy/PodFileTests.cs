using System.Text;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Reading;
using Plugboard.Documents;
using Plugboard.Testing.Kubernetes;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>Files of pods and namespaces: the old annotation, and what is passed over.</summary>
public sealed class PodFileTests
{
    private static PolicyNamespace Home(string annotation, bool readsAnnotation = true) =>
        new PolicyFileReader(new PolicyLimits(), readsAnnotation)
            .ReadPods(
                Encoding.UTF8.GetBytes(
                    "kind: Namespace\nmetadata:\n  name: x\n  annotations:\n    net.beta.kubernetes.io/network-policy: " + annotation
                )
            )
            .Namespaces["x"];

    [Theory]
    [InlineData("""'{"ingress":{"isolation":"DefaultDeny"}}'""", true)]
    [InlineData("""'{"ingress": {}}'""", false)]
    [InlineData("'{}'", false)]
    public void The_old_annotation_isolates_a_namespace_only_if_it_is_asked_for(string annotation, bool isIsolated)
    {
        Assert.Equal(isIsolated, Home(annotation).IsIsolated);
        Assert.False(Home(annotation, readsAnnotation: false).IsIsolated);
    }

    [Theory]
    [InlineData("""'{"ingress":{"isolation":"DefaultDen"}}'""", "did you mean \"DefaultDeny\"")]
    [InlineData("""'{"ingress":"DefaultDeny"}'""", "must be an object")]
    [InlineData("DefaultDeny", "cannot be read")]
    public void An_annotation_that_cannot_be_read_is_refused_if_it_is_asked_for(string annotation, string reason)
    {
        Assert.Contains(reason, Assert.Throws<DocumentException>(() => Home(annotation)).Message, StringComparison.Ordinal);
        Assert.False(Home(annotation, readsAnnotation: false).IsIsolated);
    }

    [Fact]
    public void What_policy_does_not_need_of_pods_in_json_is_passed_over_however_deep_it_is()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"f\":", 500)) + "1" + new string('}', 500);
        var pod = FakeObjects.Pod("x/a", "n1", "10.0.0.1", "app=web").ToJsonString();
        var text =
            $$$"""{"kind":"List","extra":{{{deep}}},"items":[{{{pod}}},"""
            + $$$"""{"kind":"Namespace","metadata":{"name":"x","managedFields":[{{{deep}}}]}}]}""";

        var objects = new PolicyFileReader(new PolicyLimits()).ReadPods(Encoding.UTF8.GetBytes(text));

        Assert.Equal("app=web", $"{objects.Pods[new ObjectName("x", "a")].Labels}");
        Assert.Equal(["web"], objects.Pods[new ObjectName("x", "a")].Ports.Select(static port => port.Name));
        Assert.Single(objects.Namespaces);
    }

    [Theory]
    [InlineData("""{"kind":"List","items":[{"kind":"Pod","metadata":{"name":"a""")]
    [InlineData("""{"kind":"List","items":[{"kind":"Pod","metadata":{"name":"a"},"x":[}]}""")]
    public void Json_that_breaks_off_is_refused(string text) =>
        Assert.Throws<DocumentException>(() => new PolicyFileReader(new PolicyLimits()).ReadPods(Encoding.UTF8.GetBytes(text)));
}
