namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>Kubernetes' own cases: what the policies are, and what labels change. The truth tables come from the oracle.</summary>
internal static class ConformanceCases
{
    private const string A = "podSelector: {matchLabels: {pod: a}}";
    private const string All = "podSelector: {}";

    private static string From(string peers, string subject = A, string more = "") =>
        $"{subject}\npolicyTypes: [Ingress]\ningress: [{{from: [{peers}]{more}}}]";

    private static string To(string peers, string subject = A, string more = "") =>
        $"{subject}\npolicyTypes: [Egress]\negress: [{{to: [{peers}]{more}}}]";

    private const string PodB = "{podSelector: {matchLabels: {pod: b}}}";
    private const string Y = "{namespaceSelector: {matchLabels: {ns: y}}}";
    private const string NotX = "namespaceSelector: {matchExpressions: [{key: ns, operator: NotIn, values: [x]}]}";

    public static IEnumerable<(string Name, (string Home, string Spec)[] Policies)> Cases =>
        [
            ("1 deny ingress", [("x", All)]),
            ("2 deny both", [("x", $"{All}\npolicyTypes: [Ingress, Egress]")]),
            ("3 from a pod", [("x", From(PodB))]),
            ("4 deny all and open one", [("x", All), ("x", From("{namespaceSelector: {}}"))]),
            ("5 from all namespaces", [("x", From("{namespaceSelector: {}}"))]),
            ("6 from a namespace", [("x", From(Y))]),
            ("7 pod by expression", [("x", From("{podSelector: {matchExpressions: [{key: pod, operator: In, values: [b]}]}}"))]),
            ("8 namespace by expression", [("x", From("{namespaceSelector: {matchExpressions: [{key: ns, operator: In, values: [y]}]}}"))]),
            ("9 namespace or pod", [("x", From($"{{{NotX}}}, {PodB}"))]),
            ("10 namespace and pod", [("x", From($"{{{NotX}, podSelector: {{matchLabels: {{pod: b}}}}}}"))]),
            (
                "11 namespace and pods",
                [("x", From($"{{{NotX}, podSelector: {{matchExpressions: [{{key: pod, operator: In, values: [b, c]}}]}}}}"))]
            ),
            ("12 two pods", [("x", From($"{PodB}, {{podSelector: {{matchLabels: {{pod: c}}}}}}"))]),
            (
                "13 one pod of one namespace",
                [("x", From("{namespaceSelector: {matchLabels: {ns: y}}, podSelector: {matchLabels: {pod: a}}}"))]
            ),
            ("14 a port", [("x", From(Y, A, ", ports: [{port: 81}]"))]),
            ("15 ports add up", [("x", From(Y, A, ", ports: [{port: 81}]")), ("x", From(Y, A, ", ports: [{port: 80}]"))]),
            ("16 empty rule", [("x", $"{All}\ningress: [{{}}]")]),
            ("17 named port", [("x", $"{All}\ningress: [{{ports: [{{port: serve-81-tcp}}]}}]")]),
            ("18 named port from a namespace", [("x", From(Y, A, ", ports: [{port: serve-80-tcp}]"))]),
            ("19 egress to a named port", [("x", $"{All}\npolicyTypes: [Egress]\negress: [{{ports: [{{port: serve-80-tcp}}]}}]")]),
            ("23 within the namespace", [("x", From("{podSelector: {}}", All))]),
            ("25 no egress of one", [("x", $"{A}\npolicyTypes: [Egress]")]),
            ("26 no egress of all", [("x", $"{All}\npolicyTypes: [Egress]")]),
            (
                "27 both directions",
                [("x", $"{A}\npolicyTypes: [Ingress, Egress]\ningress: [{{from: [{PodB}]}}]\negress: [{{ports: [{{port: 80}}]}}]")]
            ),
            (
                "28 the client's side decides too",
                [
                    ("x", To("{namespaceSelector: {matchLabels: {ns: y}}, podSelector: {matchLabels: {pod: a}}}")),
                    ("y", From("{namespaceSelector: {matchLabels: {ns: x}}, podSelector: {matchLabels: {pod: a}}}")),
                    (
                        "y",
                        From(
                            "{namespaceSelector: {matchLabels: {ns: x}}, podSelector: {matchLabels: {pod: a}}}",
                            "podSelector: {matchLabels: {pod: b}}"
                        )
                    ),
                ]
            ),
            ("29 egress to one pod", [("x", To("{namespaceSelector: {matchLabels: {ns: y}}, podSelector: {matchLabels: {pod: a}}}"))]),
            ("30 all ports of TCP", [("x", $"{A}\ningress: [{{ports: [{{protocol: TCP}}]}}]")]),
            ("31 one port", [("x", $"{A}\ningress: [{{ports: [{{port: 80}}]}}]")]),
            ("32 an empty rule opens", [("x", $"{A}\ningress: [{{ports: [{{port: 80}}]}}]"), ("x", $"{A}\ningress: [{{}}]")]),
            ("34 egress to an address", [("x", To("{ipBlock: {cidr: 10.244.1.14/32}}"))]),
            ("35 a block and an exception", [("x", To("{ipBlock: {cidr: 10.244.1.10/4, except: [10.244.1.11/32]}}"))]),
            ("35 a block of IPv6", [("x", To("{ipBlock: {cidr: 'fd00:244:0:1::/64', except: ['fd00:244:0:1::14/128']}}"))]),
            ("37 egress open, ingress closed", [("x", $"{A}\npolicyTypes: [Ingress, Egress]\negress: [{{}}]")]),
            ("38 SCTP allowed", [("x", $"{A}\ningress: [{{ports: [{{protocol: SCTP, port: 81}}]}}]")]),
            ("39 SCTP allowed beside a denial", [("x", All), ("x", $"{A}\ningress: [{{ports: [{{protocol: SCTP, port: 81}}]}}]")]),
            ("40 UDP allowed", [("x", $"{A}\ningress: [{{ports: [{{protocol: UDP, port: 81}}]}}]")]),
            ("41 default label", [("x", From("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: y}}}", All))]),
            (
                "42 not the default label",
                [
                    (
                        "x",
                        To(
                            "{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [y]}]}}",
                            All
                        )
                    ),
                ]
            ),
            ("a range of ports", [("x", From("", All, ", ports: [{port: 53, endPort: 80}, {protocol: UDP, port: 80, endPort: 84}]"))]),
            (
                "a name of another protocol",
                [("x", $"{All}\ningress: [{{ports: [{{protocol: UDP, port: serve-80-tcp}}, {{port: serve-81-tcp}}]}}]")]
            ),
            ("an unknown name and number", [("x", $"{All}\ningress: [{{ports: [{{port: nobody}}, {{port: 7981}}]}}]")]),
            ("33 all deleted", []),
        ];
}
