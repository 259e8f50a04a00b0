using System.Text.Json.Nodes;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>The files that people copy to their nodes.</summary>
public sealed class ExecutableTests
{
    private const int MostBytes = 4 << 20;

    private const string Driver = "flexvolume";

    private static readonly string[] beside = ["coordinator", "installer"];

    /// <summary>The plugins and the driver.</summary>
    public static TheoryData<string> Names => [.. NamesIn(Directory.GetFiles(PluginDirectory.Ours)).Except(beside)];

    /// <summary>Those that a container runtime calls.</summary>
    public static TheoryData<string> CniNames =>
        [.. NamesIn(Directory.GetFiles(PluginDirectory.Ours)).Except(beside).Where(static name => name != Driver)];

    [Fact]
    public void There_is_one_of_each_plugin_and_nothing_else() =>
        Assert.Equal(
            Directory
                .GetDirectories(Path.Combine(PluginDirectory.Root, "plugins"))
                .SelectMany(NamesOf)
                .Concat(beside)
                .Order(StringComparer.Ordinal),
            NamesIn(Directory.GetFileSystemEntries(PluginDirectory.Ours))
        );

    // A folder's own name, or those that it lists.
    private static IEnumerable<string> NamesOf(string folder) =>
        Path.Combine(folder, "executables") is var list && File.Exists(list) ? File.ReadAllLines(list) : [Path.GetFileName(folder)];

    [Fact]
    public void All_are_of_one_build()
    {
        var ids = NamesIn(Directory.GetFiles(PluginDirectory.Ours))
            .Except(beside)
            .Select(static name => Path.Combine(PluginDirectory.Ours, name))
            .Select(static path => Convert.ToHexStringLower(BuildId.Find(path) ?? []))
            .Distinct();
        Assert.Equal(40, Assert.Single(ids).Length);
    }

    [Fact]
    public void A_plugin_is_recognised_by_its_note_and_nothing_else_has_it()
    {
        var marked = NamesIn(Directory.GetFiles(PluginDirectory.Ours))
            .Where(static name => PluginNote.Find(Path.Combine(PluginDirectory.Ours, name)) == 1);
        Assert.Equal(NamesIn(Directory.GetFiles(PluginDirectory.Ours)).Except(beside).Where(static name => name != Driver), marked);
        Assert.All(Directory.GetFiles(PluginDirectory.Reference), static path => Assert.Null(PluginNote.Find(path)));
    }

    [KernelTheory]
    [InlineData("bridge")]
    [InlineData("host-local")]
    [InlineData("portmap")]
    public void Each_plugin_of_an_example_validates_the_whole_conflist(string name) =>
        Assert.Equal((0, "The config is valid.\n", ""), Run(name, "validate", Example));

    [KernelFact]
    public void A_plugin_that_a_conflist_does_not_call_says_so()
    {
        var (exitCode, output, _) = Run("loopback", "validate", Example);
        Assert.Equal(1, exitCode);
        Assert.StartsWith("plugins: none of bridge, portmap is loopback: ", output, StringComparison.Ordinal);
    }

    private static string Example => File.ReadAllText(Path.Combine(PluginDirectory.Root, "examples/bridge.conflist"));

    [KernelTheory]
    [MemberData(nameof(Names))]
    public void It_is_small_static_and_stripped(string name) => AssertStatic(name, MostBytes);

    [KernelTheory]
    [InlineData("coordinator", 40 << 20)]
    [InlineData("installer", 10 << 20)]
    public void What_is_for_people_is_static_and_stripped_too(string name, int most) => AssertStatic(name, most);

    private static void AssertStatic(string name, int most)
    {
        using var node = new CniNode();
        var path = Path.Combine(PluginDirectory.Ours, name);

        Assert.InRange(new FileInfo(path).Length, 1, most);
        var (_, output, error) = node.TryTool(["ldd", path]);
        Assert.Contains("not a dynamic executable", output + error, StringComparison.Ordinal);
        var segments = node.Tool($"readelf --program-headers --dynamic --wide {path}");
        Assert.DoesNotContain("INTERP", segments, StringComparison.Ordinal);
        Assert.DoesNotContain("NEEDED", segments, StringComparison.Ordinal);
        Assert.DoesNotContain("RWE", segments, StringComparison.Ordinal);
        var sections = node.Tool($"readelf --section-headers --wide {path}");
        Assert.DoesNotContain(".symtab", sections, StringComparison.Ordinal);
        Assert.DoesNotContain(".debug_", sections, StringComparison.Ordinal);
    }

    // docs/decisions/0059: a linker script that no longer fits the runtime's archives takes nothing.
    [KernelTheory]
    [MemberData(nameof(CniNames))]
    public void What_a_start_executes_of_the_runtime_lies_together(string name)
    {
        using var file = FileDescriptor.OpenForReading(Path.Combine(PluginDirectory.Ours, name));
        var start = ElfSections.Find(file, ".text.start"u8)!.Value;
        Assert.InRange(start.Size, 150 << 10, 400 << 10);
        Assert.True(start.Offset < ElfSections.Find(file, ".text"u8)!.Value.Offset);
    }

    [KernelTheory]
    [MemberData(nameof(CniNames))]
    public void It_runs_where_there_is_no_other_file(string name)
    {
        using var node = new CniNode();
        File.Copy(Path.Combine(PluginDirectory.Ours, name), Path.Combine(node.Directory, name));

        var (exitCode, output, error) = node.TryTool(["env", "-i", "CNI_COMMAND=VERSION", "/usr/sbin/chroot", node.Directory, "/" + name]);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal(
            """{"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}""" + "\n",
            output
        );
    }

    [KernelTheory]
    [MemberData(nameof(CniNames))]
    public void VERSION_reads_no_file_and_starts_no_thread(string name)
    {
        using var node = new CniNode();
        var trace = Path.Combine(node.Directory, "trace");

        node.CallRaw(
                "VERSION",
                null,
                name,
                "not read",
                ["strace", "-f", "-o", trace, "-e", "trace=open,openat,openat2,creat,connect,socket,readlink,clone,clone3"]
            )
            .Succeeded();

        var opened = File.ReadAllLines(trace)
            .Where(static line => line.Contains('('))
            .Select(static line => line.Contains('"') ? line.Split('"')[1] : line);
        Assert.Empty(opened);
    }

    [KernelTheory]
    [MemberData(nameof(CniNames))]
    public void Without_a_command_and_arguments_it_tells_what_it_is(string name)
    {
        var (exitCode, output, error) = Run(name);
        Assert.Equal((0, ""), (exitCode, output));
        Assert.Matches($@"\ACNI {name} plugin version \d+\.\d+\.\d+\nCNI protocol versions supported: [^\n]+\n\z", error);
        Assert.EndsWith("supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n", error, StringComparison.Ordinal);
    }

    [KernelTheory]
    [MemberData(nameof(CniNames))]
    public void A_person_gets_help_and_version(string name)
    {
        foreach (var argument in new[] { "--help", "-h", "help" })
        {
            var help = Run(name, argument);
            Assert.Equal(0, help.ExitCode);
            Assert.StartsWith($"The CNI plugin {name}.", help.Output, StringComparison.Ordinal);
            Assert.Contains($"{name} validate < conf.json", help.Output, StringComparison.Ordinal);
        }

        var version = Run(name, "--version");
        Assert.Equal(0, version.ExitCode);
        Assert.StartsWith($"CNI {name} plugin version ", version.Output, StringComparison.Ordinal);
        var wrong = Run(name, "frobnicate");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Equal($"{name}: unknown arguments: frobnicate; {name} --help lists the commands\n", wrong.Output);
    }

    [KernelTheory]
    [MemberData(nameof(CniNames))]
    public void A_call_ignores_arguments(string name)
    {
        using var node = new CniNode();
        var (exitCode, output, _) = node.TryTool(["env", "CNI_COMMAND=VERSION", Path.Combine(PluginDirectory.Ours, name), "--help"]);
        Assert.Equal(0, exitCode);
        Assert.StartsWith("{\"cniVersion\"", output, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("bridge", """ {"mtu":-1} """, "mtu: invalid mtu -1\n")]
    [InlineData("bridge", """ {"vlan":5000,"isgateway":"yes"} """, "vlan: invalid VLAN ID 5000 (must be between 0 and 4094)\n")]
    [InlineData("bridge", """ {"isGatway":true} """, "isGatway: is not a key of bridge and has no effect\n")]
    [InlineData("bridge", """ {"ipam":{"type":"host-local"}} """, "no IP ranges specified")]
    [InlineData(
        "host-local",
        """ {"ipam":{"ranges":[[{"subnet":"10.1.0.7/24"}]]}} """,
        "ipam.ranges[0][0].subnet: invalid range set 0: Network has host bits set."
    )]
    [InlineData("loopback", """ {"cniVersion":"7.0.0"} """, "incompatible CNI versions")]
    [InlineData("ptp", """ {"mtu":9} """, "mtu: invalid mtu 9\nipam: ptp requires an IPAM configuration\n")]
    [InlineData("ptp", """ {"ipMask":true,"ipam":{"type":"static"}} """, "ipMask: is not a key of ptp and has no effect\n")]
    [InlineData("macvlan", """ {"mode":"source"} """, "unknown macvlan mode: \"source\"")]
    [InlineData("macvlan", """ {"mac":"01:00:00:00:00:01"} """, "address 01:00:00:00:00:01: invalid MAC address")]
    [InlineData("macvlan", """ {"bcqueuelen":-1} """, "invalid bcqueuelen -1")]
    [InlineData("ipvlan", """ {"mode":"l4","ipam":{"type":"static"}} """, "unknown ipvlan mode: \"l4\"")]
    [InlineData("ipvlan", """ {"flags":"none","ipam":{"type":"static"}} """, "unknown ipvlan flags: \"none\"")]
    [InlineData("vlan", """ {"master":"eth0","mtu":-100,"ipam":{"type":"static"}} """, "config: invalid mtu -100\n")]
    [InlineData("vlan", """ {"vlanId":5,"ipam":{"type":"static"}} """, "\"master\" field is required.")]
    [InlineData(
        "vlan",
        """ {"master":"eth0","vlanId":4095,"ipam":{"type":"static"}} """,
        "invalid VLAN ID 4095 (must be between 0 and 4094"
    )]
    [InlineData("vlan", """ {"master":"eth0","protocol":"802.1x","ipam":{"type":"static"}} """, "unknown vlan protocol: \"802.1x\"")]
    [InlineData("tuning", """ {"sysctl":{"kernel.domainname":"x"}} """, "invalid net sysctl key: \"kernel/domainname\"")]
    [InlineData("tuning", """ {"txqlen":-1} """, "invalid txQLen -1")]
    [InlineData("firewall", """ {"backend":"ipfw"} """, "backend: unrecognized backend \"ipfw\"")]
    [InlineData("firewall", """ {"ingresPolicy":"open"} """, "ingresPolicy: is not a key of firewall and has no effect")]
    [InlineData("sbr", """ {"table":5,"gateways":["10.0.0.1"]} """, "table: with it no routes are changed")]
    [InlineData("sbr", """ {"gateway":["10.0.0.1"]} """, "gateway: is not a key of sbr and has no effect")]
    [InlineData("vrf", "{}", "vrfname: configuration is expected to have a valid vrf name")]
    [InlineData("vrf", """ {"vrfname":"a b","table":254} """, "vrfname: vrfname \"a b\" holds a blank\ntable: invalid table 254\n")]
    [InlineData("tap", """ {"owner":-1} """, "invalid owner -1")]
    [InlineData("bandwidth", """ {"egressBurst":8} """, "config: if burst is set, rate must also be set\n")]
    [InlineData("bandwidth", """ {"egressRate":8,"burst":8} """, "burst: is not a key of bandwidth and has no effect\n")]
    [InlineData("host-device", "{}", "specify either \"device\", \"hwaddr\", \"kernelpath\" or \"pciBusID\"")]
    [InlineData("host-device", """ {"kernelpath":"/dev/x"} """, "kernel device path \"/dev/x\" must be absolute")]
    [InlineData("host-device", """ {"devise":"eth1","device":"eth1"} """, "devise: is not a key of host-device and has no effect\n")]
    [InlineData("sriov", """ {"vlan":5000} """, "vlan id 5000 invalid: value must be in the range 0-4094")]
    [InlineData("sriov", """ {"trust":"yes"} """, "trust: \"yes\" is off: only \"on\" is on\n")]
    [InlineData("dummy", "{}", "dummy interface requires an IPAM configuration")]
    [InlineData(
        "static",
        """ {"ipam":{"addresses":[{"address":"10.9.0.5"}]}} """,
        "ipam.addresses[0].address: the 'address' field is expected"
    )]
    [InlineData(
        "bridge",
        """ {"ipam":{"type":"host-local","subnet":"10.1.0.0/24","routes":[{"dst":"10.0.0.0/8","gateway":"10.1.0.9"}]}} """,
        "ipam.routes[0].gateway: is not a key of a route and has no effect: its keys are dst, gw, mtu, advmss, priority, table, scope\n"
    )]
    [InlineData(
        "host-local",
        """ {"ipam":{"subnt":"10.2.0.0/24","ranges":[[{"subnet":"10.1.0.0/24","gatway":"10.1.0.9"}]]}} """,
        "ipam.subnt: is not a key of host-local and has no effect"
    )]
    [InlineData(
        "host-local",
        """ {"ipam":{"ranges":[[{"subnet":"10.1.0.0/24","gatway":"10.1.0.9"}]]}} """,
        "ipam.ranges[0][0].gatway: is not a key of a range and has no effect: its keys are subnet, rangeStart, rangeEnd, gateway\n"
    )]
    [InlineData("static", """ {"ipam":{"address":[{"address":"10.9.0.5/24"}]}} """, "ipam.address: is not a key of static")]
    [InlineData("static", """ {"ipam":{"dns":{"nameserver":["10.9.0.1"]}}} """, "ipam.dns.nameserver: is not a key of dns")]
    [InlineData("ptp", """ {"ipam":{"type":"static"},"dns":{"Servers":[]}} """, "dns.Servers: is not a key of dns and has no effect")]
    [InlineData("bridge", """ {"vlanTrunk":[{"ids":5}]} """, "vlanTrunk[0].ids: is not a key of a vlanTrunk entry and has no effect")]
    [InlineData("macvlan", """ {"mode":"bridge","dns":{"servers":[]}} """, "dns.servers: is not a key of dns and has no effect")]
    [InlineData("dhcp", """ {"ipam":{"provide":[{"option":"12","fromArgs":"X"}]}} """, "ipam.provide[0].fromArgs: is not a key of")]
    [InlineData("dhcp", """ {"ipam":{"request":[{"option":"foo"}]}} """, "ipam.request: Can not parse option \"foo\"")]
    [InlineData("static", "{}", "ipam: IPAM config missing 'ipam' key\n")]
    public void Validate_tells_what_is_wrong_with_a_config(string name, string keys, string finding)
    {
        var (exitCode, output, _) = Run(name, "validate", Config(name, keys));
        Assert.Equal(1, exitCode);
        Assert.Contains(finding, output, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData(
        "host-local",
        """ {"ipam":{"ranges":["10.1.0.0/24"]}} """,
        "ipam.ranges[0]: failed to load netconf: ipam.ranges[0] wants an array, not a text: each of these is a list of ranges, as in "
            + "[[{\"subnet\": …}]]\n"
    )]
    [InlineData(
        "host-local",
        """ {"ipam":{"ranges":[["10.1.0.0/24"]]}} """,
        "ipam.ranges[0][0]: failed to load netconf: ipam.ranges[0][0] wants an object, not a text\n"
    )]
    [InlineData(
        "static",
        """ {"ipam":{"addresses":["10.1.0.1/24"]}} """,
        "ipam.addresses[0]: failed to load netconf: ipam.addresses[0] wants an object, not a text\n"
    )]
    [InlineData(
        "static",
        """ {"ipam":{"addresses":[null]}} """,
        "ipam.addresses[0].address: the 'address' field is expected to be in CIDR notation, got: ''\n"
    )]
    public void One_fault_is_one_finding(string name, string keys, string findings) =>
        Assert.Equal(findings, Run(name, "validate", Config(name, keys)).Output);

    [KernelTheory]
    [InlineData("bridge", """ {"ipam":{"type":"host-local","ranges":[[{"subnet":"10.1.0.0/24"}]]},"isGateway":true,"mtu":1400} """)]
    [InlineData("host-local", """ {"ipam":{"type":"host-local","ranges":[[{"subnet":"10.1.0.0/24"}]]}} """)]
    [InlineData("loopback", "{}")]
    [InlineData("ptp", """ {"ipam":{"type":"host-local","ranges":[[{"subnet":"10.1.0.0/24"}]]},"ipMasq":true} """)]
    [InlineData("macvlan", """ {"master":"eth0","mode":"passthru"} """)]
    [InlineData("ipvlan", """ {"master":"eth0","mode":"l3s","ipam":{"type":"static","addresses":[{"address":"10.9.0.5/24"}]}} """)]
    [InlineData("vlan", """ {"master":"eth0","vlanId":5,"protocol":"802.1ad","ipam":{"type":"dhcp"}} """)]
    [InlineData("dummy", """ {"mtu":1300,"ipam":{"type":"static","addresses":[{"address":"10.9.0.5/24"}]}} """)]
    [InlineData("tuning", """ {"sysctl":{"net.ipv4.conf.IFNAME.arp_filter":"1"},"mtu":1400} """)]
    [InlineData("firewall", """ {"backend":"iptables","ingressPolicy":"isolated"} """)]
    [InlineData("sbr", """ {"gateways":["10.0.0.1","fd00::1"],"addSourceHints":true} """)]
    [InlineData("vrf", """ {"vrfname":"blue","table":1001} """)]
    [InlineData("tap", """ {"owner":107,"group":107,"multiQueue":true,"bridge":"k6t-eth0"} """)]
    [InlineData("bandwidth", """ {"ingressRate":8000000,"ingressBurst":800000,"egressRate":8000000,"latency":50,"maxBurst":100} """)]
    [InlineData("static", """ {"ipam":{"type":"static","addresses":[{"address":"10.9.0.5/24","gateway":"10.9.0.1"}]}} """)]
    [InlineData("dhcp", """ {"ipam":{"type":"dhcp","request":[{"option":"121"}],"provide":[{"option":"12","fromArg":"K8S_POD_NAME"}]}} """)]
    [InlineData("host-device", """ {"device":"eth1"} """)]
    [InlineData("host-device", """ {"capabilities":{"deviceID":true}} """)]
    [InlineData("host-local", """ {"capabilities":{"ipRanges":true},"ipam":{"type":"host-local"}} """)]
    [InlineData("bridge", """ {"capabilities":{"ipRanges":true},"isGateway":true,"ipam":{"type":"host-local","routes":[]}} """)]
    [InlineData("bridge", """ {"addIf":"true","Documentation":"main_bridge.md","_owner":"net","ipam":{}} """)]
    [InlineData(
        "host-local",
        """ {"//":"pods","ipam":{"subnet":"10.1.0.0/24","comment":"x","routes":[{"dst":"0.0.0.0/0","description":"out"}]}} """
    )]
    [InlineData("sriov", """ {"vlan":100,"vlanQoS":3,"vlanProto":"802.1Q","spoofchk":"off","trust":"on","logLevel":"debug"} """)]
    public void Validate_finds_nothing_wrong_with_a_right_config(string name, string keys) =>
        Assert.Equal((0, "The config is valid.\n", ""), Run(name, "validate", Config(name, keys)));

    [KernelFact]
    public void Validate_says_that_capabilities_beside_the_plugins_have_no_effect()
    {
        const string List = """
            {"cniVersion":"1.0.0","name":"test","capabilities":{"ips":true},
             "plugins":[{"type":"bridge","ipam":{"type":"static"}},{"type":"tuning"}]}
            """;
        Assert.Equal(
            (1, "capabilities: has no effect beside plugins: it belongs into the entry of the plugin that it is for\n", ""),
            Run("bridge", "validate", List)
        );
    }

    [KernelFact]
    public void Validate_of_no_JSON_says_so()
    {
        var (exitCode, output, _) = Run("bridge", "validate", "{");
        Assert.Equal(1, exitCode);
        Assert.StartsWith("error unmarshall network config: ", output, StringComparison.Ordinal);
    }

    private static IEnumerable<string> NamesIn(string[] paths) =>
        paths.Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private static string Config(string name, string keys)
    {
        var config = JsonNode.Parse(keys)!.AsObject();
        config["name"] = "test";
        config["type"] = name;
        config.TryAdd("cniVersion", "1.0.0");
        return config.ToJsonString();
    }

    private static (int ExitCode, string Output, string Error) Run(string name, string? argument = null, string input = "")
    {
        using var node = new CniNode();
        string[] command =
        [
            "env",
            "-i",
            Path.Combine(PluginDirectory.Ours, name),
            .. argument is null ? Array.Empty<string>() : [argument],
        ];
        return node.TryTool(command, input);
    }
}
