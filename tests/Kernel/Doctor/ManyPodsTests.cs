using System.Diagnostics;
using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Doctor;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Ports;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;
using Xunit.Abstractions;

namespace Plugboard.Tests.Kernel.Doctor;

// One after the other: all nodes have the same addresses, and the doctor looks into every namespace of the machine.
[Collection("doctor")]
public sealed class ManyPodsTests(ITestOutputHelper output)
{
    private const int Pods = 500;

    [KernelFact]
    public void Five_hundred_pods_are_examined_within_two_seconds()
    {
        using var node = new DoctoredNode();
        for (var i = 0; i < Pods; i++)
        {
            var address = IPAddr.Parse("10.201.16.1");
            for (var step = 0; step < i; step++)
                address = address.Next();
            node.Run(() => Attach(node, i, address));
        }

        var first = node.Examine();
        Timing.Within(
            TimeSpan.FromSeconds(2),
            () =>
            {
                var watch = Stopwatch.StartNew();
                Assert.Empty(node.Examine().Findings);
                var warm = watch.Elapsed;
                output.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Pods} pods: {first.Elapsed.TotalMilliseconds:0} ms cold, {warm.TotalMilliseconds:0} ms warm"
                    )
                );
                return warm;
            }
        );
        for (var i = 0; i < Pods; i++)
            node.AddLease(string.Create(CultureInfo.InvariantCulture, $"10.201.{100 + i / 250}.{1 + i % 250}"), $"gone{i}");
        var broken = node.Run(() =>
            new NodeDoctor(node.Options with { SecondLook = new DoctorOptions().SecondLook }, TimeProvider.System).Examine()
        );
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"and {Pods} leases without a container: {broken.Elapsed.TotalMilliseconds:0} ms with the second look"
            )
        );
        Assert.Equal(
            Pods,
            broken.Findings.Count(static finding => finding.Id == FindingIds.LeaseWithoutContainer && finding.FixIntention is not null)
        );
        Assert.Equal(Pods, broken.Findings.Count);
    }

    private static void Attach(DoctoredNode node, int number, IPAddr address)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"pod{number:000}");
        var netns = $"/run/netns/{id}";
        using var host = RouteClient.Open();
        var bridge = host.Links.Get("cni0").Index;
        NamespaceThread.RunInNew(() =>
        {
            using var own = NetworkNamespace.OpenOwn();
            using var pod = RouteClient.Open();
            host.Links.Add(
                new VethSpec
                {
                    Name = $"v{id}",
                    Mtu = 1450,
                    MasterIndex = bridge,
                    Up = true,
                    Peer = new VethPeer
                    {
                        Name = "eth0",
                        Mtu = 1450,
                        NetNs = own.File,
                    },
                }
            );
            pod.Addresses.Add(pod.Links.Get("eth0").Index, new IPPrefix(address, 16));
            File.WriteAllText(netns, "");
            using var target = FileDescriptor.OpenPath(netns);
            new Plugboard.Linux.Mounts.Mounting().Bind(own.File, target, default);
            return true;
        });
        host.Links.Set($"v{id}", new LinkChange { Alias = $"cni:pods/{id}/eth0" });
        node.AddLease(address.ToString(), id);
        node.Write($"/var/lib/cni/results/pods-{id}-eth0", DoctoredNode.Cached(id, address.ToString(), netns));
        var port = PortMapping.TryParse(string.Create(CultureInfo.InvariantCulture, $"{10000 + number}/tcp"), 80)!;
        var forward = new PodHostPorts
        {
            Owner = new Attachment("pods", id, "eth0"),
            IPv4 = new IPPrefix(address, 16),
            Link = $"v{id}",
            Ports = [port],
            Backend = Plugboard.Firewall.FirewallBackend.Nftables,
        };
        using var rules = HostPortKind.Open(new PodRecordStore(node.Under("/run/plugboard/portmap")));
        rules.Apply(forward, Plugboard.Firewall.FirewallBackend.Nftables);
    }
}
