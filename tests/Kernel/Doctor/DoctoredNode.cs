using Plugboard.Addresses;
using Plugboard.Doctor;
using Plugboard.Firewall;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Ports;
using Plugboard.Linux;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Doctor;

/// <summary>
/// A node on which nothing is wrong: a flannel network with its daemon's file, tunnel and bridge, plugins that answer VERSION, and a pod
/// with lease, cache and host port. Its files are below a directory of its own, its links and rules in a namespace of its own.
/// </summary>
internal sealed class DoctoredNode : TestMachine
{
    public const string Pod = "3f1c2a8e9b7d";

    public const string ContainerdOfDebian = """
        version = 2
        [plugins."io.containerd.grpc.v1.cri".cni]
          bin_dir = "/usr/lib/cni"
        """;

    private const string Plugin = """
        #!/bin/sh
        cat >/dev/null
        echo '{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}'
        """;

    private const string Conflist = """
        {"cniVersion":"1.0.0","name":"pods","plugins":[
          {"type":"flannel","delegate":{"isDefaultGateway":true}},
          {"type":"portmap","capabilities":{"portMappings":true}}]}
        """;

    private const string Links = """
        ip link set lo up
        ip link add eth0 type veth peer name wire0
        ip addr add 192.0.2.1/24 dev eth0
        ip link set wire0 up
        ip link set eth0 up
        ip route add default via 192.0.2.254
        ip link add flannel.1 type vxlan id 1 dev eth0 local 192.0.2.1 dstport 8472 nolearning
        ip link set flannel.1 mtu 1450 up
        ip route add 10.201.0.0/16 dev flannel.1
        ip link add cni0 type bridge
        ip link set cni0 mtu 1450 up
        ip addr add 10.201.1.1/24 dev cni0
        """;

    public DoctoredNode()
    {
        Root = Directory.CreateTempSubdirectory("doctor").FullName;
        Write("/etc/cni/net.d/10-pods.conflist", Conflist);
        Write(
            "/run/flannel/subnet.env",
            "FLANNEL_NETWORK=10.201.0.0/16\nFLANNEL_SUBNET=10.201.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"
        );
        Write("/etc/kube-flannel/net-conf.json", """{"Network":"10.201.0.0/16","Backend":{"Type":"vxlan"}}""");
        foreach (var plugin in (string[])["flannel", "bridge", "host-local", "portmap"])
            Write($"/opt/cni/bin/{plugin}", Plugin);
        Tool($"chmod -R 0755 {Root}/opt/cni/bin");
        Shell("mkdir -p /run/netns");
        File.CreateSymbolicLink(Under("/run/netns"), "/run/netns");
        Shell(Links);
        Run(static () => Sysctl.Write("net/ipv4/ip_forward", "1"));
        AddPod(Pod, "veth1", "10.201.1.2");
        Publish(Pod, "veth1", "10.201.1.2", "8080/tcp");
    }

    /// <summary>The directory that stands for the node's root.</summary>
    public string Root { get; }

    public DoctorOptions Options =>
        new()
        {
            HostRoot = Root,
            Grace = TimeSpan.Zero,
            SecondLook = TimeSpan.FromMilliseconds(20),
        };

    public string Under(string path) => Root + path;

    public DoctorReport Examine() => Run(() => new NodeDoctor(Options, TimeProvider.System).Examine());

    /// <summary>The kinds of all findings, and with none the empty string.</summary>
    public string Ids() => string.Join(' ', Examine().Findings.Select(static finding => finding.Id));

    public void Write(string path, string content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Under(path))!);
        File.WriteAllText(Under(path), content);
    }

    public void Delete(string path) => File.Delete(Under(path));

    /// <summary>Runs lines of shell inside.</summary>
    public void Shell(string script)
    {
        var (code, output, error) = TryTool(["sh", "-ec", script]);
        if (code != 0)
            throw new InvalidOperationException($"{script}\nexited with {code}: {error}{output}");
    }

    public void AddPod(string id, string veth, string address)
    {
        AddNamespace(id[..4], veth, address, $"cni:pods/{id}/eth0");
        AddLease(address, id);
        Write($"/var/lib/cni/results/pods-{id}-eth0", Cached(id, address, $"/run/netns/{id[..4]}"));
    }

    public static string Cached(string id, string address, string netns) =>
        $$$"""
            {"kind":"cniCacheV1","containerId":"{{{id}}}","config":"e30=","ifName":"eth0","networkName":"pods","netns":"{{{netns}}}",
             "result":{"cniVersion":"1.0.0","ips":[{"address":"{{{address}}}/24"}]}}
            """;

    public void AddLease(string address, string id) => Write($"/var/lib/cni/networks/pods/{address}", $"{id}\r\neth0");

    /// <summary>A namespace with a link to the bridge.</summary>
    public void AddNamespace(string name, string veth, string address, string alias)
    {
        Shell(
            $"""
            ip netns add {name}
            ip link add {veth} mtu 1450 type veth peer name eth0 mtu 1450 netns {name}
            ip link set {veth} master cni0 up
            ip -n {name} link set eth0 up
            ip -n {name} addr add {address}/24 dev eth0
            """
        );
        if (alias.Length > 0)
            Tool($"ip link set {veth} alias {alias}");
    }

    public void Publish(string id, string link, string address, string port) =>
        Run(() =>
        {
            using var rules = HostPortKind.Open(new PodRecordStore(Under("/run/plugboard/portmap")));
            rules.Apply(
                new PodHostPorts
                {
                    Owner = new Attachment("pods", id, "eth0"),
                    IPv4 = IPPrefix.Parse(address + "/24"),
                    Link = link,
                    Ports = [PortMapping.TryParse(port, 80)!],
                    Backend = FirewallBackend.Nftables,
                },
                FirewallBackend.Nftables
            );
        });

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // Mounts below the directory are this machine's own: another thread removes what is beneath them.
            TryTool(["sh", "-c", $"umount -R {Root}/var/lib/kubelet/pods; umount /run/netns/*"]);
            Directory.Delete(Root, recursive: true);
        }

        base.Dispose(disposing);
    }
}
