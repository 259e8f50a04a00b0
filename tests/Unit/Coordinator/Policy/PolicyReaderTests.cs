using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Reading;
using Plugboard.Documents;
using Plugboard.Firewall.Ports;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>Objects as the API serves them, and objects that it would not serve.</summary>
public sealed class PolicyReaderTests
{
    private const string Empty = "kind: NetworkPolicy\nmetadata: {name: a}\nspec: {podSelector: {}}\n";

    private static readonly PolicyFileReader Reader = new(
        new PolicyLimits
        {
            List = 20,
            Pairs = 50,
            Policies = 3,
        }
    );

    private static IReadOnlyDictionary<ObjectName, NetworkPolicy> Policies(string text) =>
        Reader.ReadPolicies(Encoding.UTF8.GetBytes(text)).Policies;

    private static PolicyPod Pod(string text) => Reader.ReadPods(Encoding.UTF8.GetBytes(text)).Pods.Values.Single();

    private static string Refusal(string spec) => Assert.Throws<DocumentException>(() => PolicyCluster.Policy(spec)).Message;

    // kubernetes/kubernetes#129257: the API server decodes null so.
    [Theory]
    [InlineData("app: null")]
    [InlineData("app: ~")]
    [InlineData("app: ''")]
    public void A_label_without_a_value_has_the_empty_one(string label)
    {
        var pod = Pod(
            $"kind: Pod\nmetadata: {{name: a, labels: {{{label}}}}}\nspec: {{nodeName: n}}\nstatus: {{podIPs: [{{ip: 10.1.0.2}}]}}\n"
        );
        var selector = PolicyCluster.Policy($"podSelector: {{matchLabels: {{{label}}}}}").PodSelector;
        Assert.Equal(PolicyCluster.Policy("podSelector: {matchLabels: {app: ''}}").PodSelector, selector);
        Assert.True(selector.Matches(pod.Labels));
    }

    [Fact]
    public void A_policy_as_kubectl_prints_it_is_read()
    {
        const string Text = """
            apiVersion: v1
            kind: List
            items:
            - apiVersion: networking.k8s.io/v1
              kind: NetworkPolicy
              metadata:
                annotations:
                  kubectl.kubernetes.io/last-applied-configuration: "{}"
                creationTimestamp: "2026-01-02T03:04:05Z"
                generation: 1
                managedFields: [{manager: kubectl}]
                name: allow-web
                namespace: shop
                resourceVersion: "812"
                uid: 6f0c0d0e-0000-4000-8000-000000000001
              spec:
                ingress:
                - from:
                  - namespaceSelector:
                      matchLabels:
                        kubernetes.io/metadata.name: front
                    podSelector:
                      matchExpressions:
                      - {key: app, operator: NotIn, values: [b, a]}
                  - ipBlock:
                      cidr: 10.1.2.3/8
                      except: [10.1.2.3/16]
                  ports:
                  - port: 80
                    protocol: TCP
                    endPort: 90
                  - port: dns
                    protocol: UDP
                podSelector:
                  matchLabels:
                    app: web
                policyTypes:
                - Ingress
            """;

        var policy = Assert.Single(Policies(Text)).Value;

        Assert.Equal("shop/allow-web", policy.Name.ToString());
        Assert.Equal("app in (web)", policy.PodSelector.ToString());
        Assert.Null(policy.Egress);
        var rule = Assert.Single(policy.Ingress!.Value);
        Assert.Equal("[kubernetes.io/metadata.name in (front)]: app notin (a,b)", rule.Peers[0].Pods!.ToString());
        Assert.Equal("10.0.0.0/8 except 10.1.0.0/16", rule.Peers[1].Block!.ToString());
        Assert.Equal(new PolicyPort(PortProtocol.Tcp, null, 80, 90), rule.Ports[0]);
        Assert.Equal(new PolicyPort(PortProtocol.Udp, "dns", 0, 0), rule.Ports[1]);
    }

    [Fact]
    public void Two_spellings_of_a_selector_are_equal()
    {
        var one = PolicyCluster.Policy("podSelector: {matchLabels: {a: '1', b: '2'}}");
        var other = PolicyCluster.Policy(
            "podSelector: {matchLabels: {b: '2'}, matchExpressions: [{key: a, operator: In, values: ['1']}, "
                + "{key: b, operator: In, values: ['2']}]}"
        );
        Assert.Equal(one, other);
    }

    // Kubernetes 1.23 and later say so of all fields that are as old (kubernetes/kubernetes#104368).
    [Theory]
    [InlineData("010.244.000.0/16", "10.244.0.0/16")]
    [InlineData("000.0.0.00/0", "0.0.0.0/0")]
    [InlineData("10.0.0.00009/32", "10.0.0.9/32")]
    public void Leading_zeros_of_a_network_are_decimal_as_for_the_API(string cidr, string network)
    {
        var policy = PolicyCluster.Policy($"podSelector: {{}}\ningress: [{{from: [{{ipBlock: {{cidr: {cidr}}}}}]}}]");
        Assert.Equal(network, policy.Ingress!.Value[0].Peers[0].Block!.ToString());
    }

    [Fact]
    public void An_empty_namespace_is_the_default_one() =>
        Assert.Equal(
            "default/a",
            Assert.Single(Policies("kind: NetworkPolicy\nmetadata: {name: a, namespace: ''}\nspec: {podSelector: {}}\n")).Key.ToString()
        );

    [Fact]
    public void A_pod_as_the_API_serves_it_is_read()
    {
        const string Text = """
            {"kind": "PodList", "apiVersion": "v1", "items": [{
              "metadata": {"name": "web-0", "namespace": "shop", "labels": {"app": "web"}, "deletionTimestamp": "2026-01-02T03:04:05Z",
                "creationTimestamp": "2026-01-01T00:00:00Z", "ownerReferences": [{"kind": "ReplicaSet"}]},
              "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "i", "ports": [{"name": "http", "containerPort": 8080,
                "protocol": "TCP"}, {"containerPort": 9}]}], "initContainers": [
                {"name": "once", "ports": [{"name": "gone", "containerPort": 1}]},
                {"name": "sidecar", "restartPolicy": "Always", "ports": [{"name": "mesh", "containerPort": 15001}]}]},
              "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "fd00::1"}, {"ip": "10.0.0.1"}]}}]}
            """;

        var pod = Pod(Text);

        Assert.Equal("shop/web-0", pod.Name.ToString());
        Assert.Equal("app=web", pod.Labels.ToString());
        Assert.Equal([IPAddr.Parse("10.0.0.1"), IPAddr.Parse("fd00::1")], pod.Addresses);
        Assert.Equal(["http", "mesh"], pod.Ports.Select(static port => port.Name));
        Assert.True(pod is { IsLeaving: true, IsFinished: false, IsHostNetwork: false, NodeName: "n1" });
    }

    [Fact]
    public void Several_documents_are_read_and_a_namespace_gets_the_label_with_its_name()
    {
        var objects = Reader.ReadPods(
            "kind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n---\nkind: Pod\nmetadata: {name: p, namespace: shop}\n"u8
        );
        Assert.Single(objects.Pods);
        Assert.Equal("kubernetes.io/metadata.name=shop,team=a", objects.Namespaces["shop"].Labels.ToString());
    }

    [Theory]
    [InlineData("podSelectr: {}", "line 4: unknown key \"podSelectr\" (did you mean \"podSelector\"?)")]
    [InlineData("podselector: {}", "line 4: unknown key \"podselector\" (did you mean \"podSelector\"?)")]
    [InlineData("podSelector: {matchlabels: {a: b}}", "unknown key \"matchlabels\" (did you mean \"matchLabels\"?)")]
    [InlineData("podSelector: {}\ningress: [{from: [{ipblock: {cidr: 10.0.0.0/8}}]}]", "(did you mean \"ipBlock\"?)")]
    [InlineData("podSelector: {}\ningress: [{ports: [{port: 0x50}]}]", "port is 0x50, which is a number for some readers")]
    [InlineData("podSelector: {}\ningress: [{ports: [{port: 0o120}]}]", "port is 0o120, which is a number for some readers")]
    [InlineData("podSelector: {}\ningress: [{form: []}]", "unknown key \"form\" (did you mean \"from\"?)")]
    [InlineData("podSelector: {}\negress: [{from: []}]", "unknown key \"from\"")]
    [InlineData("podSelector: {}\ningress: [{from: [{}]}]", "a peer needs")]
    [InlineData("podSelector: {}\ningress: [{from: [{podSelector: null}]}]", "a peer needs")]
    [InlineData("podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]", "not both")]
    [InlineData("podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]", "is not a network")]
    [InlineData("podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10..0.0/8}}]}]", "is not a network")]
    [InlineData("podSelector: {}\ningress: [{from: [{ipBlock: {cidr: /}}]}]", "is not a network")]
    [InlineData("podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]", "not a part of 10.0.0.0/8")]
    [InlineData("podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: ['fd00::/16']}}]}]", "not a part of 10.0.0.0/8")]
    [InlineData("podSelector: {}\ningress: [{ports: [{port: 0}]}]", "it must be 1 to 65535")]
    [InlineData("podSelector: {}\ningress: [{ports: [{port: '80'}]}]", "not the name of a port")]
    [InlineData("podSelector: {}\ningress: [{ports: [{port: 80, endPort: 79}]}]", "it must be 80 to 65535")]
    [InlineData("podSelector: {}\ningress: [{ports: [{port: http, endPort: 80}]}]", "a port that is a number")]
    [InlineData("podSelector: {}\ningress: [{ports: [{endPort: 80}]}]", "needs a port")]
    [InlineData("podSelector: {}\ningress: [{ports: [{protocol: tcp, port: 80}]}]", "is not TCP, UDP or SCTP")]
    [InlineData("podSelector: {}\npolicyTypes: [ingress]", "(did you mean \"Ingress\"?)")]
    [InlineData("podSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}", "(did you mean \"In\"?)")]
    [InlineData("podSelector: {matchExpressions: [{key: a, operator: In}]}", "it needs values")]
    [InlineData("podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}", "it has no values")]
    [InlineData("podSelector: {matchLabels: {a: 'b\"c'}}", "not the value of a label")]
    [InlineData("podSelector: {matchLabels: {'a b': c}}", "not the key of a label")]
    public void What_a_policy_may_not_say_is_refused_with_a_reason(string spec, string reason) =>
        Assert.Contains(reason, Refusal(spec), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("kind: NetworkPolicy\nmetadata: {name: 'a\nb'}\nspec: {podSelector: {}}", "is not a name")]
    [InlineData("kind: Deployment\nmetadata: {name: a}", "does not belong into this file")]
    [InlineData("kind: NetworkPolicys\nmetadata: {name: a}", "did you mean")]
    [InlineData("metadata: {name: a}", "has no kind")]
    [InlineData("kind: List\nitems: [{kind: NetworkPolicy, metadata: {name: a}}]", "has no spec")]
    [InlineData("kind: List\nitems: null", "the list has no items; for no objects write items: []")]
    [InlineData("kind: List\nitem: []", "unknown key \"item\" (did you mean \"items\"?)")]
    [InlineData(Empty + "policyTypes: [Egress]", "line 4: unknown key \"policyTypes\"")]
    [InlineData(Empty + "Spec: {podSelector: {}}", "unknown key \"Spec\" (did you mean \"spec\"?)")]
    [InlineData(
        "kind: NetworkPolicy\nmetadata: {name: a, namspace: x}\nspec: {podSelector: {}}",
        "line 2: unknown key \"namspace\" (did you mean \"namespace\"?)"
    )]
    [InlineData("apiVersion: projectcalico.org/v3\n" + Empty, "apiVersion \"projectcalico.org/v3\" is not networking.k8s.io/v1")]
    [InlineData("apiVersion: extensions/v1beta1\n" + Empty, "is not networking.k8s.io/v1")]
    public void A_file_that_is_not_one_of_policies_is_refused(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<DocumentException>(() => Policies(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("podSelector: {matchLabels: {app: -x}}", "app \"-x\" is not the value of a label")]
    [InlineData("podSelector: {matchLabels: {app: x.}}", "app \"x.\" is not the value of a label")]
    [InlineData("podSelector: {matchLabels: {_app: x}}", "\"_app\" is not the key of a label")]
    [InlineData("podSelector: {matchExpressions: [{key: a/b-, operator: Exists}]}", "\"a/b-\" is not the key of a label")]
    [InlineData("ingress: [{ports: [{port: -a}]}]", "port \"-a\" is not the name of a port")]
    [InlineData("ingress: [{ports: [{port: a-}]}]", "port \"a-\" is not the name of a port")]
    [InlineData("ingress: [{ports: [{port: a--b}]}]", "port \"a--b\" is not the name of a port")]
    public void What_no_pod_can_have_is_refused_in_a_selector_and_in_a_port(string spec, string reason) =>
        Assert.Contains(reason, Refusal(spec), StringComparison.Ordinal);

    [Theory]
    [InlineData("\n")]
    [InlineData("\n---\n")]
    [InlineData("\n--- # Source: b.yaml\n")]
    public void Documents_in_JSON_may_follow_each_other(string between)
    {
        static string Json(string name) =>
            "{\"kind\": \"NetworkPolicy\",\n  \"metadata\": {\"name\": \"" + name + "\"}, \"spec\": {\"podSelector\": {}}}";
        Assert.Equal(["a", "b"], Policies(Json("a") + between + Json("b") + "\n").Keys.Select(static name => name.Name));
        Assert.Throws<DocumentException>(() => Policies(Json("a") + between + Json("a")));
        Assert.Throws<DocumentException>(() => Policies(Json("a") + between + "{"));
        const string Pods = "{\"kind\": \"Namespace\", \"metadata\": {\"name\": \"x\"}}";
        Assert.Equal(2, Reader.ReadPods(Encoding.UTF8.GetBytes(Pods + between + Pods.Replace('x', 'y'))).Namespaces.Count);
    }

    // Kubernetes 1.34 says of podSelector what its API server did before: it is optional.
    [Theory]
    [InlineData("ingress: [{}]")]
    [InlineData("podSelector: null")]
    [InlineData("podSelector: {}")]
    public void A_policy_without_a_selector_is_for_all_pods_of_its_namespace(string spec) =>
        Assert.Equal(LabelSelector.Everything, PolicyCluster.Policy(spec).PodSelector);

    [Fact]
    public void What_Kubernetes_may_add_to_metadata_and_a_name_like_a_number_are_no_typing_errors()
    {
        var policy = Policies(
            "kind: NetworkPolicy\nmetadata: {name: a, selfLink: x, generation: 1, shard: 3}\n"
                + "spec: {ingress: [{ports: [{port: 0backup}, {port: '0x50'}]}]}\nstatus: {}"
        );
        Assert.Equal(["0backup", "0x50"], policy.Values.Single().Ingress!.Value[0].Ports.Select(static port => port.Name));
        const string Rest = "labels: {a: b}, uid: u}\nspec: {hostname: n, nodeSelector: {}, hostIPC: true, os: {}}";
        Assert.Equal("a=b", Pod("kind: Pod\nmetadata: {name: p, " + Rest).Labels.ToString());
    }

    [Fact]
    public void More_than_a_limit_is_refused_wholly()
    {
        string Of(int count, string what) =>
            string.Join(", ", Enumerable.Range(1, count).Select(i => what.Replace("N", $"{i}", StringComparison.Ordinal)));
        string Policy(int number, string spec) =>
            $"---\nkind: NetworkPolicy\nmetadata: {{name: p{number}}}\nspec: {{podSelector: {{}}, {spec}}}\n";

        Assert.Single(Policies(Policy(1, $"ingress: [{Of(20, "{}")}]")));
        Assert.Throws<DocumentException>(() => Policies(Policy(1, $"ingress: [{Of(21, "{}")}]")));
        Assert.Throws<DocumentException>(() => Policies(Policy(1, $"ingress: [{{ports: [{Of(21, "{port: N}")}]}}]")));
        Assert.Contains(
            "pairs",
            Assert
                .Throws<DocumentException>(() =>
                    Policies(Policy(1, $"ingress: [{{from: [{Of(10, "{podSelector: {}}")}], ports: [{Of(10, "{port: pN}")}]}}]"))
                )
                .Message,
            StringComparison.Ordinal
        );
        Assert.Throws<DocumentException>(() => Policies(string.Concat(Enumerable.Range(0, 4).Select(i => Policy(i, "ingress: []")))));
        Assert.Throws<DocumentException>(() => Policies(Policy(1, "ingress: []") + Policy(1, "ingress: []")));
    }

    [Theory]
    [InlineData("status: {podIPs: [{ip: 10.0.0.1}, {ip: 10.0.0.2}]}", "a second IPv4 address")]
    [InlineData("status: {podIP: 127.0.0.1}", "is not the address of a pod")]
    [InlineData("status: {podIP: 224.0.0.1}", "is not the address of a pod")]
    [InlineData("status: {podIP: 10.0.0.1}", "no spec.nodeName")]
    [InlineData("status: {podIps: [{ip: 10.0.0.1}]}", "unknown key \"podIps\" (did you mean \"podIPs\"?)")]
    [InlineData("spec: {nodename: n1}", "unknown key \"nodename\" (did you mean \"nodeName\"?)")]
    [InlineData("spec: {hostNetwok: true}", "unknown key \"hostNetwok\" (did you mean \"hostNetwork\"?)")]
    [InlineData("stauts: {podIP: 10.0.0.1}", "unknown key \"stauts\" (did you mean \"status\"?)")]
    [InlineData("spec: {containers: [{ports: [{name: WEB, containerPort: 80}]}]}", "not the name of a port")]
    [InlineData("spec: {containers: [{ports: [{name: web, containerPort: 65536}]}]}", "it must be 1 to 65535")]
    public void What_a_pod_may_not_say_is_refused_with_a_reason(string rest, string reason) =>
        Assert.Contains(
            reason,
            Assert.Throws<DocumentException>(() => Pod($"kind: Pod\nmetadata: {{name: p}}\n{rest}\n")).Message,
            StringComparison.Ordinal
        );
}
