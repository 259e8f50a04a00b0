using System.CommandLine;
using System.Text.RegularExpressions;
using Plugboard.Coordinator.Cli;

namespace Plugboard.Tests.Unit.Documents;

/// <summary>The tables of flags, keys, variables and metrics have what the code has, and nothing else.</summary>
public sealed partial class ReferenceTests
{
    private static string Source(string path) => File.ReadAllText(Path.Combine(MarkdownPage.Root, path));

    // Whatever is behind a colon or in brackets explains the value.
    private static string Normal(string text)
    {
        var plain = text.Replace("`", "", StringComparison.Ordinal).Split(": ")[0].Trim();
        return plain == "empty" ? "none" : plain.ToLowerInvariant();
    }

    private static string DefaultOf(Option option) =>
        Normal(
            Default().Match(option.Description!) is { Success: true } match
                ? match.Groups["value"].Value
                : option.GetDefaultValue()!.ToString()!
        );

    public static TheoryData<string> PagesWithFlags => ["coordinator-flags.md", "masquerade.md", "etcd.md", "kubernetes.md"];

    [Theory]
    [MemberData(nameof(PagesWithFlags))]
    public void Each_flag_of_a_page_is_one_and_its_default_is_the_one_that_help_shows(string page)
    {
        var options = new CommandOptions().All.ToDictionary(static option => option.Name, StringComparer.Ordinal);
        foreach (var row in MarkdownPage.Read(page).Rows("flag"))
        {
            foreach (var flag in MarkdownPage.Words(row[0]))
            {
                Assert.True(options.TryGetValue(flag, out var option), $"{page}: the coordinator has no {flag}");
                Assert.True(
                    DefaultOf(option).StartsWith(Normal(row[2]), StringComparison.Ordinal),
                    $"{page}: {flag}: the page says {Normal(row[2])}, and --help {DefaultOf(option)}"
                );
            }
        }
    }

    [Fact]
    public void Each_flag_of_the_coordinator_is_in_the_table_once() =>
        Assert.Equal(
            new CommandOptions().All.Select(static option => option.Name).Order(StringComparer.Ordinal),
            MarkdownPage
                .Read("coordinator-flags.md")
                .Rows("flag")
                .SelectMany(static row => MarkdownPage.Words(row[0]))
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Each_metric_is_in_the_table_once() =>
        Assert.Equal(
            Metric()
                .Matches(Source("coordinator/Cli/MetricsText.cs"))
                .Select(static match => match.Groups["name"].Value)
                .Distinct()
                .Order(StringComparer.Ordinal),
            MarkdownPage
                .Read("coordinator-signals.md")
                .Rows("metric")
                .SelectMany(static row => MarkdownPage.Words(row[0]))
                .Order(StringComparer.Ordinal)
        );

    [Theory]
    [InlineData("configuration.md", "bridge", "plugins/bridge/BridgeConfig.cs")]
    [InlineData("configuration.md", "portmap", "plugins/portmap/PortmapConfig.cs")]
    [InlineData("flannel.md", "Keys", "plugins/flannel/FlannelConfig.cs")]
    [InlineData("configuration.md", "ptp", "plugins/bridge/PtpConfig.cs")]
    [InlineData("configuration.md", "tuning", "plugins/tuning/TuningConfig.cs")]
    [InlineData("configuration.md", "firewall", "plugins/portmap/FirewallConfig.cs")]
    [InlineData("configuration.md", "sbr", "plugins/combined/SbrConfig.cs")]
    [InlineData("configuration.md", "vrf", "plugins/combined/VrfConfig.cs")]
    [InlineData("configuration.md", "bandwidth", "plugins/combined/Bandwidth/BandwidthConfig.cs")]
    [InlineData("configuration.md", "host-device", "plugins/host-device/HostDeviceConfig.cs")]
    [InlineData("configuration.md", "sriov", "plugins/host-device/SriovConfig.cs")]
    public void Each_key_of_a_plugin_is_in_its_table_or_in_that_of_every_plugin(string page, string section, string source)
    {
        var everywhere = KeysOf("configuration.md", "Every plugin").ToHashSet(StringComparer.Ordinal);
        var own = KeysOf(page, section).ToHashSet(StringComparer.Ordinal);
        var read = TextsOfLists(source);

        // The chain's own keys; ipam and dns of portmap are what libcni passes to each plugin of a list.
        string[] passed = ["ipam", "dns"];
        Assert.Empty(read.Except(own).Except(everywhere).Except(section is "portmap" or "firewall" ? passed : []));
        Assert.Empty(own.Except(read).Except(everywhere));
    }

    [Theory]
    [InlineData("macvlan", "plugins/combined/MacvlanPlugin.cs")]
    [InlineData("ipvlan", "plugins/combined/IpvlanPlugin.cs")]
    [InlineData("vlan", "plugins/combined/VlanPlugin.cs")]
    [InlineData("dummy", "plugins/combined/DummyPlugin.cs")]
    [InlineData("tap", "plugins/combined/TapPlugin.cs")]
    public void Each_key_of_a_link_in_the_pod_is_in_a_row_that_names_its_plugin(string plugin, string source)
    {
        string[] shared = ["ipam", "dns"];
        var read = Text().Matches(LinkKeys().Match(Source(source)).Groups["body"].Value).Select(static match => match.Groups["text"].Value);
        var shown = MarkdownPage
            .Read("configuration.md")
            .Rows("key", plugin == "tap" ? plugin : "macvlan, ipvlan, vlan, dummy")
            .Where(row => plugin == "tap" || row[1] == "all" || row[1].Split(", ").Contains(plugin))
            .SelectMany(static row => MarkdownPage.Words(row[0]))
            .Where(static word => word is not ("MAC" or "CNI_ARGS") && !word.Contains('.', StringComparison.Ordinal));
        Assert.Equal(read.Concat(shared).Order(StringComparer.Ordinal), shown.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"Keys => \[(?<body>[^\]]*)\]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LinkKeys();

    [Theory]
    [InlineData("static.md", "Peers from a file", "key", "coordinator/Sources/Static/PeersFileReader.cs")]
    [InlineData("static.md", "net-conf.json", "key", "coordinator/Configuration/NetConfReader.cs")]
    [InlineData("masquerade.md", "The file", "key", "coordinator/Masquerade/Configuration/MasqueradeConfigReader.cs")]
    [InlineData("volume-options.md", "local", "option", "shared/Volumes/Local/LocalPlan.cs")]
    [InlineData("volume-options.md", "loop", "option", "shared/Volumes/Loop/LoopPlan.cs")]
    [InlineData("volume-options.md", "tmpfs", "option", "shared/Volumes/Tmpfs/TmpfsPlan.cs")]
    [InlineData("volume-options.md", "nfs", "option", "shared/Volumes/Remote/NfsPlan.cs")]
    [InlineData("volume-options.md", "cifs", "option", "shared/Volumes/Remote/CifsPlan.cs")]
    public void Each_key_that_a_reader_knows_is_in_its_table_and_no_other(string page, string section, string head, string source)
    {
        var read = TextsOfLists(source);
        var shown = MarkdownPage
            .Read(page)
            .Rows(head, section)
            .SelectMany(static row => MarkdownPage.Words(row[0]))
            .Select(static word => word.Replace("nodes[].", "", StringComparison.Ordinal).Split('.')[0])
            .ToHashSet(StringComparer.Ordinal);
        // Every backend has it: the section's first paragraph says so.
        if (head == "option")
            shown.Add("readOnly");
        Assert.Equal(read.Order(StringComparer.Ordinal), shown.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_key_of_the_node_config_is_in_its_table()
    {
        string[] ignored = ["log_level", "k8s_version"];
        var read = NodeConfigKey().Matches(Source("shared/Drivers/NodeConfig.cs")).Select(static match => match.Groups["name"].Value);
        Assert.Equal(
            read.Concat(ignored).ToHashSet(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            MarkdownPage
                .Read("volume-options.md")
                .Rows("key", "The node config")
                .SelectMany(static row => MarkdownPage.Words(row[0]))
                .Order(StringComparer.Ordinal)
        );
    }

    private static HashSet<string> TextsOfLists(string source)
    {
        var texts = Lists()
            .Matches(Source(source))
            .SelectMany(static list => Text().Matches(list.Groups["body"].Value))
            .Select(static match => match.Groups["text"].Value)
            .ToHashSet(StringComparer.Ordinal);
        Assert.True(texts.Count > 1, $"{source} has no list of keys that this test finds");
        return texts;
    }

    [GeneratedRegex("\\.(Texts?|Flag|Seconds|Lists)\\(\"(?<name>\\w+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NodeConfigKey();

    [Fact]
    public void Each_variable_of_the_environment_that_a_plugin_reads_is_in_the_table()
    {
        var read = new[] { "plugins", "shared" }
            .SelectMany(static folder =>
                Directory.EnumerateFiles(Path.Combine(MarkdownPage.Root, folder), "*.cs", SearchOption.AllDirectories)
            )
            .Where(static path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .SelectMany(static path => Variable().Matches(File.ReadAllText(path)))
            .Select(static match => match.Groups["name"].Value)
            .ToHashSet(StringComparer.Ordinal);
        Assert.Equal(
            read.Order(StringComparer.Ordinal),
            MarkdownPage
                .Read("configuration.md")
                .Rows("variable", "Environment")
                .SelectMany(static row => MarkdownPage.Words(row[0]))
                .Order(StringComparer.Ordinal)
        );
    }

    // A key of an object in a key (runtimeConfig.mac) counts for that one; one of a mapping is none of the plugin.
    private static IEnumerable<string> KeysOf(string page, string section) =>
        MarkdownPage
            .Read(page)
            .Rows("key", section)
            .Where(static row => row[0].StartsWith('`'))
            .SelectMany(static row => MarkdownPage.Words(row[0]))
            .Where(static word => word != "MAC")
            .Select(static word => word.Contains('/', StringComparison.Ordinal) ? word : word.Split('.')[0]);

    [GeneratedRegex(@"\[default: (?<value>[^\]]*)\]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Default();

    [GeneratedRegex("\"(?<name>coordinator_[a-z_]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Metric();

    [GeneratedRegex(
        @"string\[\] (Keys|Flags|keys|known|topKeys|nodeKeys|optionalKeys) =\s*\[(?<body>[^\]]*)\]",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Lists();

    [GeneratedRegex("\"(?<text>[A-Za-z0-9_]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Text();

    [GeneratedRegex("\"(?<name>(CNI|DBUS|PLUGBOARD)_[A-Z_]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Variable();
}
