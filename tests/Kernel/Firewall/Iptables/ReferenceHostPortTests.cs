using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Ports;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Iptables;

/// <summary>Port forwards beside the reference's portmap.</summary>
public sealed class ReferenceHostPortTests
{
    private static readonly Attachment Pod = new("net.x", "cid1", "eth0");
    private static readonly IPPrefix[] Addresses = [IPPrefix.Parse("10.0.0.2/24"), IPPrefix.Parse("2001:db8::2/64")];

    private static readonly PortMapping[] Mappings =
    [
        new(8080, 80, PortProtocol.Tcp, null),
        new(8081, 81, PortProtocol.Udp, IPAddr.Parse("127.0.0.1")),
        new(8082, 82, PortProtocol.Sctp, null),
        new(8083, 83, PortProtocol.Tcp, IPAddr.Parse("0.0.0.0")),
        new(8084, 84, PortProtocol.Tcp, IPAddr.Parse("2001:db8::1")),
        // IPv4 only: before 1.8.10 `ip6tables-legacy -C`, which the reference asks, takes rules for the same that differ only in a port.
        .. Enumerable.Range(9000, 20).Select(port => new PortMapping((ushort)port, 80, PortProtocol.Tcp, IPAddr.Parse("0.0.0.0"))),
    ];

    public static TheoryData<IptablesVariant, string> Configs()
    {
        var data = new TheoryData<IptablesVariant, string>();
        foreach (var variant in new[] { IptablesVariant.Legacy, IptablesVariant.Nft })
        {
            foreach (var config in new[] { "default", "nosnat", "bit", "external", "conditions" })
                data.Add(variant, config);
        }

        return data;
    }

    private static (string Json, HostPortOptions Options) Case(string name) =>
        name switch
        {
            "nosnat" => (@"""snat"":false", new HostPortOptions { Snat = false }),
            "bit" => (@"""markMasqBit"":31", new HostPortOptions { MarkMasqBit = 31 }),
            "external" => (@"""externalSetMarkChain"":""KUBE-MARK-MASQ""", new HostPortOptions { ExternalSetMarkChain = "KUBE-MARK-MASQ" }),
            "conditions" => (
                @"""conditionsV4"":[""!"",""-s"",""10.7.0.0/16"",""-i"",""lo""],""conditionsV6"":[""!"",""-i"",""lo""]",
                new HostPortOptions { ConditionsV4 = ["!", "-s", "10.7.0.0/16", "-i", "lo"], ConditionsV6 = ["!", "-i", "lo"] }
            ),
            _ => (@"""snat"":true", new HostPortOptions()),
        };

    [KernelTheory]
    [MemberData(nameof(Configs))]
    public void Our_rules_are_the_references_and_either_removes_the_others(IptablesVariant variant, string name)
    {
        using var machine = Machine(variant);
        var (json, options) = Case(name);
        machine.Reference("portmap", "ADD", Config(json));
        var theirs = machine.Saved();
        machine.Finds([], () => machine.Backend.CheckHostPorts(Pod, Addresses, Mappings, options));
        machine.Run(() => machine.Backend.WithdrawHostPorts(Pod, null));
        var shared = machine.Saved();
        Assert.DoesNotContain("CNI-DN", shared);
        machine.Run(() => machine.Backend.ApplyHostPorts(Pod, Addresses, Mappings, options));
        Assert.Equal(theirs, machine.Saved());
        machine.Run(() => machine.Backend.ApplyHostPorts(Pod, Addresses, Mappings, options));
        Assert.Equal(theirs, machine.Saved());
        machine.Reference("portmap", "DEL", Config(json));
        Assert.Equal(shared, machine.Saved());
        Assert.NotEmpty(machine.Run(() => machine.Backend.CheckHostPorts(Pod, Addresses, Mappings, options)));

        using var fresh = Machine(variant);
        fresh.Run(() => fresh.Backend.ApplyHostPorts(Pod, Addresses, Mappings, options));
        Assert.Equal(theirs, fresh.Saved());
    }

    [KernelTheory]
    [InlineData(IptablesVariant.Legacy)]
    [InlineData(IptablesVariant.Nft)]
    public void A_check_finds_what_is_missing_of_rules_with_conditions(IptablesVariant variant)
    {
        using var machine = Machine(variant);
        var options = Case("conditions").Options;
        machine.Run(() => machine.Backend.ApplyHostPorts(Pod, [Addresses[0]], Mappings, options));
        var gone = machine.Saved().Split('\n').Where(line => line.StartsWith("-A CNI-HOSTPORT-DNAT", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, gone.Count);
        gone.RemoveAll(line => line.Contains("-p sctp", StringComparison.Ordinal));
        gone.RemoveAt(0);
        machine.Restore("*nat\n" + string.Concat(gone.Select(line => $"-D{line[2..]}\n")) + "COMMIT\n");
        var missing = machine.Run(() => machine.Backend.CheckHostPorts(Pod, [Addresses[0]], Mappings, options));
        Assert.Equal(2, missing.Count);
        Assert.Contains("--dports 9012,", missing[0]);
        Assert.Contains("--dports 8081 ", missing[1]);
        machine.Run(() => machine.Backend.ApplyHostPorts(Pod, [Addresses[0]], Mappings, options));
        machine.Finds([], () => machine.Backend.CheckHostPorts(Pod, [Addresses[0]], Mappings, options));
    }

    [KernelTheory]
    [InlineData(IptablesVariant.Legacy)]
    [InlineData(IptablesVariant.Nft)]
    public void What_the_reference_left_by_repeated_ADDs_is_replaced_and_removed(IptablesVariant variant)
    {
        using var machine = Machine(variant);
        var options = new HostPortOptions();
        machine.Run(() => machine.Backend.ApplyHostPorts(Pod, Addresses, Mappings, options));
        var right = machine.Saved();
        machine.Run(() => machine.Backend.WithdrawHostPorts(Pod, null));
        var shared = machine.Saved();
        machine.Reference("portmap", "ADD", Config("\"snat\":true").Replace("10.0.0.2", "10.0.0.99", StringComparison.Ordinal));
        machine.Reference("portmap", "ADD", Config("\"snat\":true"));
        Assert.Contains("10.0.0.99:80", machine.Saved());
        Assert.Contains(
            machine.Run(() => machine.Backend.CheckHostPorts(Pod, Addresses, Mappings, options)),
            text => text.Contains("10.0.0.99:80")
        );
        machine.Run(() => machine.Backend.ApplyHostPorts(Pod, Addresses, Mappings, options));
        Assert.Equal(right, machine.Saved());

        machine.Reference("portmap", "ADD", Config("\"snat\":true").Replace("10.0.0.2", "10.0.0.99", StringComparison.Ordinal));
        machine.Restore(
            """
            *nat
            :CNI-HOSTPORT-SNAT - [0:0]
            :CNI-SN-SNAME - [0:0]
            -A CNI-HOSTPORT-SNAT -m comment --comment "snat" -j CNI-SN-SNAME
            -A CNI-SN-SNAME -s 127.0.0.1/32 -d 10.0.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
            -A CNI-HOSTPORT-DNAT -p tcp -m tcp --dport 8080 -j CNI-DN-DNAME
            COMMIT

            """.Replace("CNI-SN-SNAME", ReferenceNames.SourceChain(Pod), StringComparison.Ordinal).Replace(
                "CNI-DN-DNAME",
                ReferenceNames.ForwardChain(Pod),
                StringComparison.Ordinal
            )
        );
        machine.Run(() => machine.Backend.WithdrawHostPorts(Pod, null));
        Assert.Equal(shared, machine.Saved().Replace(":CNI-HOSTPORT-SNAT - [0:0]\n", "", StringComparison.Ordinal));
        machine.Run(() => machine.Backend.WithdrawHostPorts(Pod, null));
    }

    [KernelTheory]
    [InlineData(IptablesVariant.Legacy)]
    [InlineData(IptablesVariant.Nft)]
    public void The_end_of_an_older_attachment_leaves_the_ports_of_the_newer_one(IptablesVariant variant)
    {
        using var machine = Machine(variant);
        IPPrefix[] newer = [IPPrefix.Parse("10.0.0.3/24")];
        machine.Run(() => machine.Backend.ApplyHostPorts(Pod, [Addresses[0]], Mappings, new HostPortOptions()));
        machine.Run(() => machine.Backend.ApplyHostPorts(Pod with { IfName = "eth1" }, newer, Mappings, new HostPortOptions()));
        var both = machine.Saved();
        Assert.DoesNotContain("10.0.0.2:", both);
        machine.Run(() => machine.Backend.WithdrawHostPorts(Pod, [Addresses[0].Address]));
        Assert.Equal(both, machine.Saved());
        machine.Run(() => machine.Backend.WithdrawHostPorts(Pod with { IfName = "eth1" }, [newer[0].Address]));
        Assert.DoesNotContain("CNI-DN", machine.Saved());
    }

    [KernelTheory]
    [InlineData(IptablesVariant.Legacy)]
    [InlineData(IptablesVariant.Nft)]
    public void Thirty_at_once_leave_each_jump_once_and_thirty_ends_leave_nothing(IptablesVariant variant)
    {
        using var machine = Machine(variant);
        AtOnce(
            machine,
            i =>
            {
                machine.Backend.AddMasquerade(Of(i), [new IPPrefix(IPAddr.V4(0x0a010000 + (uint)i), 16)]);
                machine.Backend.ApplyHostPorts(
                    Of(i),
                    Addresses,
                    [new PortMapping((ushort)(7000 + i), 80, PortProtocol.Tcp, null)],
                    new HostPortOptions()
                );
            }
        );
        var saved = machine.Saved();
        Assert.Equal(30, Count(saved, "-A POSTROUTING -s 10.1.0."));
        Assert.Equal(2 * 30, Count(saved, ":CNI-DN-"));
        Assert.Equal(2 * 30, Count(saved, "-A CNI-HOSTPORT-DNAT "));
        foreach (
            var once in new[]
            {
                "-A PREROUTING",
                "-A OUTPUT",
                "-A POSTROUTING -m comment",
                "-A CNI-HOSTPORT-SETMARK",
                "-A CNI-HOSTPORT-MASQ",
            }
        )
            Assert.Equal(2, Count(saved, once));
        AtOnce(
            machine,
            i =>
            {
                machine.Backend.WithdrawHostPorts(Of(i), null);
                machine.Backend.DeleteMasquerade(Of(i), null);
            }
        );
        var left = NatTable.Parse(machine.Saved());
        Assert.Equal(["CNI-HOSTPORT-DNAT"], left.Rules("PREROUTING").Concat(left.Rules("OUTPUT")).Select(rule => rule.Target!).Distinct());
        Assert.Equal(0, Count(machine.Saved(), "c29"));
        Assert.Equal(0, Count(machine.Saved(), "CNI-DN-"));

        static Attachment Of(int i) => new("net", $"c{i.ToString(CultureInfo.InvariantCulture)}", "eth0");
    }

    // A thread starts in the namespaces of the one that starts it.
    private static void AtOnce(IptablesMachine machine, Action<int> call)
    {
        var failures = new Plugboard.Linux.Failures();
        machine.Run(() =>
        {
            var threads = Enumerable.Range(0, 30).Select(i => new Thread(() => failures.Try(() => call(i)))).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
        });
        failures.ThrowIfAny();
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static IptablesMachine Machine(IptablesVariant variant)
    {
        var machine = new IptablesMachine(variant);
        machine.Tool("ip addr add 10.0.0.1/24 dev lo");
        machine.Tool("ip addr add 2001:db8::1/64 dev lo");
        machine.Restore("*nat\n:KUBE-MARK-MASQ - [0:0]\nCOMMIT\n");
        machine.Tool("/run/tools/ip6tables -t nat -N KUBE-MARK-MASQ");
        return machine;
    }

    private static string Config(string more)
    {
        var mappings = string.Join(
            ',',
            Mappings.Select(mapping =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $$$"""
                    {"hostPort":{{{mapping.HostPort}}},"containerPort":{{{mapping.ContainerPort}}},"hostIP":"{{{mapping.HostIP}}}",
                     "protocol":"{{{mapping.Protocol.ToString().ToLowerInvariant()}}}"}
                    """
                )
            )
        );
        return $$$"""
            {"cniVersion":"1.0.0","name":"net.x","type":"portmap",{{{more}}},"runtimeConfig":{"portMappings":[{{{mappings}}}]},
             "prevResult":{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"/x"}],
                           "ips":[{"address":"10.0.0.2/24","interface":0},{"address":"2001:db8::2/64","interface":0}]}}
            """;
    }
}
