using System.Text;
using Plugboard.Addresses;
using Plugboard.Bridge;
using Plugboard.ClusterFiles;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Pods;
using Plugboard.Flannel;
using Plugboard.Ipam.HostLocal;
using Plugboard.Portmap;
using Plugboard.Protocols.Cni;
using Plugboard.Tests.Fuzz.Mutations;

namespace Plugboard.Tests.Fuzz.Targets;

/// <summary>What a runtime passes to plugins: configs, results, errors.</summary>
internal static class CniTargets
{
    private static readonly SubnetFile subnet = SubnetFile.Parse(
        "FLANNEL_NETWORK=10.244.0.0/16,10.245.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_IPV6_NETWORK=fd00::/48\n"
            + "FLANNEL_IPV6_SUBNET=fd00:0:0:1::1/64\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n",
        "subnet.env"
    );

    public static IReadOnlyList<FuzzTarget> All =>
        [
            new("bridge", InputForm.Json, Bridge, typeof(CniException)),
            new("portmap", InputForm.Json, Portmap, typeof(CniException)),
            new("host-local", InputForm.Json, HostLocal, typeof(CniException)),
            new("flannel", InputForm.Json, Flannel, typeof(CniException)),
            new("result", InputForm.Json, Result, typeof(CniException)),
            new("prevResult", InputForm.Json, PrevResult, typeof(CniException)) { Corpus = "portmap" },
            new("address-plan", InputForm.Json, Addresses, typeof(CniException)) { Corpus = "result" },
            new("error-object", InputForm.Json, ErrorObject, typeof(CniException)),
            new("gc", InputForm.Json, Gc, typeof(CniException)),
            new("environment", InputForm.Text, Environment, typeof(CniException)),
        ];

    /// <summary>A call with this config.</summary>
    public static CniRequest Request(byte[] input, CniVerb verb = CniVerb.Add)
    {
        var environment = CniEnvironment.Parse(name =>
            name switch
            {
                "CNI_COMMAND" => CniEnvironment.NameOf(verb),
                "CNI_CONTAINERID" => "c1",
                "CNI_NETNS" => "/run/netns/c1",
                "CNI_IFNAME" => "eth0",
                "CNI_PATH" => "/opt/cni/bin",
                _ => null,
            }
        );
        return CniRequest.From(environment, verb, NetworkConfig.Parse(input), input);
    }

    // What `validate` says is right ADD takes, and what DEL reads never throws.
    private static bool Accepts(CniRequest request, Action<CniRequest> parse, IReadOnlyList<string> problems)
    {
        foreach (var problem in problems)
        {
            if (Trial.FindFault(problem, request.StdinBytes) is { } fault)
                throw fault;
        }

        try
        {
            parse(request);
            return true;
        }
        catch (CniException e)
        {
            FuzzFailure.Unless(problems.Count > 0, $"validate finds nothing wrong with what ADD refuses: {e.Message}");
            throw;
        }
    }

    private static void Leniently(string what, Action read)
    {
        try
        {
            read();
        }
        catch (CniException e)
        {
            throw new FuzzFailure($"{what} fails for a config that DEL must take: {e.Message}", e);
        }
    }

    private static bool Bridge(byte[] input)
    {
        var request = Request(input);
        Leniently("bridge", () => BridgeConfig.ParseLeniently(request));
        return Accepts(request, static given => BridgeConfig.Parse(given), BridgeConfig.Validate(request));
    }

    private static bool Portmap(byte[] input)
    {
        var request = Request(input);
        Leniently("portmap", () => PortmapConfig.ReadLeniently(request));
        return Accepts(request, Publish, PortmapConfig.Validate(request));
    }

    // What ADD stores of a pod says the same when it is read back.
    private static void Publish(CniRequest request)
    {
        var config = PortmapConfig.Parse(request);
        if (request.FindPrevResultLeniently() is not { } previous || config.Ports.Count == 0)
            return;
        var forward = config.HostPortsOf(PodAddresses.From(previous, request.IfName), request);
        var record = PodRecord.TryParse(HostPortRecord.ToRecord(forward).ToBytes());
        FuzzFailure.Unless(
            record is not null && record.Owner == forward.Owner && record.Link == forward.Link,
            "a record that ADD writes is of another pod"
        );
        var read = HostPortRecord.FromRecord(record!);
        FuzzFailure.Unless(
            read.IPv4 == forward.IPv4 && read.IPv6 == forward.IPv6 && read.Ports.SequenceEqual(forward.Ports),
            "a record that ADD writes says something else"
        );
        FuzzFailure.Unless(
            read.ConditionsV4.SequenceEqual(forward.ConditionsV4) && read.ConditionsV6.SequenceEqual(forward.ConditionsV6),
            "a record that ADD writes has other conditions"
        );
    }

    private static bool HostLocal(byte[] input)
    {
        var request = Request(input);
        Leniently("host-local", () => HostLocalConfig.DataDirOf(request.Config));
        return Accepts(request, static given => HostLocalConfig.Parse(given), new HostLocalPlugin().Validate(request));
    }

    private static bool Flannel(byte[] input)
    {
        var request = Request(input);
        Leniently("flannel", () => FlannelConfig.DataDirOf(request));
        return Accepts(request, Render, FlannelConfig.Validate(request));
    }

    private static void Render(CniRequest request)
    {
        var config = FlannelConfig.Parse(request);
        foreach (var known in (SubnetFile?[])[subnet, null])
        {
            var rendered = DelegateConfig
                .Render(request.NetworkName, config, known)
                .With(AttachmentState.IfNameKey, JsonValue.Of("eth0"))
                .ToBytes();
            var kept = AttachmentState.Read("c1", rendered);
            if (kept.Config is null)
                throw new FuzzFailure($"flannel keeps what it cannot read back: {Encoding.UTF8.GetString(rendered)}");
            FuzzFailure.Unless(kept.IsOf(request) && kept.IfName == "eth0" && !kept.Failed, "what flannel keeps is not of the attachment");
            FuzzFailure.Unless(
                DelegateConfig.Of(kept.Config.Root).ToBytes().AsSpan().SequenceEqual(rendered),
                "what flannel keeps is another when it is written again"
            );
        }
    }

    private static bool Result(byte[] input)
    {
        var result = CniResultReader.Read(input, "1.1.0");
        foreach (var version in CniVersions.All)
            RoundTrip(result, version);
        return true;
    }

    private static void RoundTrip(CniResult result, string version)
    {
        byte[] written;
        try
        {
            written = CniResultWriter.Write(result, version);
        }
        catch (CniException)
        {
            // A version that cannot say it.
            return;
        }

        var again = CniResultWriter.Write(CniResultReader.Read(written, version), version);
        FuzzFailure.Unless(again.AsSpan().SequenceEqual(written), $"a result of {version} is another when it is read back");
    }

    private static bool PrevResult(byte[] input)
    {
        var request = Request(input);
        _ = request.FindPrevResultLeniently();
        if (request.FindPrevResult() is not { } result)
            return true;
        Leniently("prevResult", () => request.FindPrevResultLeniently());
        RoundTrip(result, request.CniVersion);
        return true;
    }

    private static bool Addresses(byte[] input)
    {
        var result = CniResultReader.Read(input, "1.1.0");
        var config = BridgeConfig.Parse(
            Request(
                """{"cniVersion":"1.1.0","name":"n","type":"bridge","isDefaultGateway":true,"ipam":{"type":"host-local"}}"""u8.ToArray()
            )
        );
        var plan = AddressPlan.From(result, config);
        FuzzFailure.Unless(plan.IPs.Count == result.IPs.Count, "the plan has another number of addresses than the result");
        return true;
    }

    private static bool ErrorObject(byte[] input)
    {
        var error = CniErrorObject.Read(input);
        var written = CniErrorObject.Write(error);
        FuzzFailure.Unless(written.Length < 64 * 1024, "an error object repeats its input without bound");
        FuzzFailure.Unless(
            CniErrorObject.Write(CniErrorObject.Read(written)).AsSpan().SequenceEqual(written),
            "an error object is another when it is read back"
        );
        return true;
    }

    private static bool Gc(byte[] input)
    {
        _ = Request(input, CniVerb.Gc).FindValidAttachments();
        return true;
    }

    private static bool Environment(byte[] input)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Encoding.UTF8.GetString(input).Split('\n'))
        {
            var equals = line.IndexOf('=');
            // No environment has a NUL.
            if (equals > 0 && !line.Contains('\0'))
                variables[line[..equals]] = line[(equals + 1)..];
        }

        var environment = CniEnvironment.Parse(name => variables.GetValueOrDefault(name));
        _ = CniArgs.ParseLeniently(environment.Args, "MAC", "IP");
        var args = CniArgs.Parse(environment.Args, "MAC", "IP", "K8S_POD_NAME", "K8S_POD_NAMESPACE", "K8S_POD_INFRA_CONTAINER_ID");
        if (args.Find("MAC") is { } mac && MacAddress.TryParse(mac, out var address))
            FuzzFailure.Unless(MacAddress.Parse(address.ToString()) == address, "a hardware address is another when it is read back");
        if (environment.Verb == CniVerb.Add)
            RequireStorable(environment);
        return true;
    }

    private static void RequireStorable(CniEnvironment environment)
    {
        var owner = LeaseOwners.Of(environment.ContainerId, environment.IfName);
        var lease = LeaseContent.Parse(owner.ToContent());
        FuzzFailure.Unless(lease.State == LeaseState.Leased && lease.Owner == owner, "a lease that ADD writes is not read back");
        var record = new PodRecord(new Attachment("net", environment.ContainerId, environment.IfName)) { NetNs = environment.NetNs };
        var read = PodRecord.TryParse(record.ToBytes());
        FuzzFailure.Unless(
            read is not null && read.Owner == record.Owner && read.NetNs == record.NetNs,
            "a record that ADD writes is not read back"
        );
    }
}
