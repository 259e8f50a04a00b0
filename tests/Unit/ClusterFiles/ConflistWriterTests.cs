using System.Runtime.Versioning;
using System.Text;
using Plugboard.ClusterFiles;

namespace Plugboard.Tests.Unit.ClusterFiles;

[SupportedOSPlatform("linux")]
public sealed class ConflistWriterTests : IDisposable
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string Answer = """echo '{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0","1.1.0"]}'""";
    private const string OlderAnswer = """echo '{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}'""";

    private static readonly SubnetFile Subnet = SubnetFile.Parse(
        "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true",
        ""
    );

    private readonly string folder = Directory.CreateTempSubdirectory("plugboard-conflist-").FullName;

    public ConflistWriterTests()
    {
        Directory.CreateDirectory(Bin);
        foreach (var name in (string[])["flannel", "bridge", "host-local", "portmap"])
            Script(name, Answer);
    }

    private string Bin => Path.Combine(folder, "bin");

    private string Target => Path.Combine(folder, "net.d", "10-flannel.conflist");

    private ConflistWriter Writer => new(Target, ["/nowhere", Bin]);

    private static Conflist Default => ConflistTemplate.Flannel.Render(Subnet);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Script(string name, string body) => Plugin(name, Encoding.UTF8.GetBytes($"#!/bin/sh\n{body}\n"));

    private string Plugin(string name, byte[] content, UnixFileMode mode = Executable)
    {
        var path = Path.Combine(Bin, name);
        File.WriteAllBytes(path, content);
        File.SetUnixFileMode(path, mode);
        return path;
    }

    private MissingPlugin Missing(string name)
    {
        var outcome = Writer.Write(Default);
        Assert.False(outcome.Written);
        Assert.NotEmpty(outcome.Missing);
        Assert.False(File.Exists(Target));
        var missing = Assert.Single(outcome.Missing);
        Assert.Equal(name, missing.Type);
        return missing;
    }

    [Fact]
    public void It_is_written_once_and_again_when_it_differs_and_leaves_nothing_beside_it()
    {
        var writer = Writer;
        Assert.Equal((true, true), (writer.Write(Default).Written, writer.Write(Default) is { Written: false, Missing.Count: 0 }));
        Assert.Equal(Default.Content, File.ReadAllBytes(Target));
        File.WriteAllText(Target, "torn");
        Assert.True(writer.Write(Default).Written);
        Assert.Equal([Target], Directory.GetFileSystemEntries(Path.GetDirectoryName(Target)!));
    }

    [Theory]
    [InlineData("10-flannel.conflist")]
    [InlineData("net.conf")]
    [InlineData("x.json")]
    public void No_runtime_reads_the_temporary_file(string name) =>
        Assert.True(
            DurableFile.TemporaryNameOf(name) is { } temporary
                && temporary[0] == '.'
                && Path.GetExtension(temporary) == ".new"
                && temporary != name
        );

    [Fact]
    public void Every_plugin_that_is_called_is_looked_for()
    {
        Assert.Equal(["flannel", "bridge", "host-local", "portmap"], Default.Types);
        Assert.Equal(["bridge", "host-local", "portmap"], ConflistTemplate.Bridge(Subnet).Render(Subnet).Types);
        var other = Conflist.Parse(
            """
            {"name":"n","cniVersion":"0.4.0",
             "plugins":[{"type":"flannel","delegate":{"type":"ptp"},"ipam":{"type":"static"}},{"type":"x","ipam":{}}]}
            """u8.ToArray(),
            "f"
        );
        Assert.Equal(["flannel", "ptp", "static", "x"], other.Types);
        var multus = Conflist.Parse(
            """
            {"name":"n","cniVersion":"0.4.0","plugins":[{"type":"multus","delegates":[
              {"type":"macvlan","ipam":{"type":"dhcp"}}, {"plugins":[{"type":"bridge"},{"type":"portmap"}]}, {"type":""}, 7]}]}
            """u8.ToArray(),
            "f"
        );
        Assert.Equal(["multus", "macvlan", "dhcp", "bridge", "portmap"], multus.Types);
    }

    [Fact]
    public void A_plugin_that_is_nowhere_is_named_with_where_it_was_looked_for()
    {
        File.Delete(Path.Combine(Bin, "host-local"));
        Directory.CreateDirectory(Path.Combine(Bin, "host-local"));
        var missing = Missing("host-local");
        Assert.Equal(($"/nowhere:{Bin}", "it is in none of these directories"), (missing.Path, missing.Why));
        Assert.Equal($"CNI plugin host-local (/nowhere:{Bin}): it is in none of these directories", missing.ToString());
    }

    [Fact]
    public void A_plugin_that_is_a_link_to_nothing_is_named_as_that()
    {
        File.Delete(Path.Combine(Bin, "host-local"));
        File.CreateSymbolicLink(Path.Combine(Bin, "host-local"), "../gone/host-local");
        var missing = Missing("host-local");
        Assert.Equal(($"{Bin}/host-local", "it is a symbolic link that leads to no file"), (missing.Path, missing.Why));
    }

    public static TheoryData<string, byte[], string> Broken
    {
        get
        {
            var elf = File.ReadAllBytes("/bin/true");
            var foreign = (byte[])elf.Clone();
            foreign[18] = 22;
            return new TheoryData<string, byte[], string>
            {
                { "empty", [], "it is empty: a copy that was not finished" },
                { "text", "hello"u8.ToArray(), "it is no executable (no ELF)" },
                { "head", elf[..40], "it is cut off: a copy that was not finished" },
                { "half", elf[..(elf.Length / 2)], "it is cut off: a copy that was not finished" },
                { "foreign", foreign, "it is for another processor (s390x), this machine is " },
                { "silent", elf, "VERSION does not answer with JSON: " },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_executable_is_reported_with_the_reason(string what, byte[] content, string why)
    {
        Assert.NotEqual("", what);
        var path = Plugin("portmap", content);
        var missing = Missing("portmap");
        Assert.Equal(path, missing.Path);
        Assert.StartsWith(why, missing.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 3", "VERSION ended with exit code 3")]
    [InlineData("kill -9 $$", "VERSION ended with signal 9")]
    [InlineData("echo nothing", "VERSION does not answer with JSON: nothing")]
    [InlineData("echo '[]'", "VERSION reports no supportedVersions: []")]
    [InlineData("""echo '{"cniVersion":"0.2.0"}'""", "it speaks CNI 0.1.0, 0.2.0, the conflist is 1.1.0")]
    [InlineData("""echo '{"supportedVersions":["0.3.1"]}'""", "it speaks CNI 0.3.1, the conflist is 1.1.0")]
    [InlineData("""[ $CNI_COMMAND = VERSION ] && grep -q '"cniVersion":"1.1.0"' || exit 9; exit 8""", "VERSION ended with exit code 8")]
    public void A_plugin_that_cannot_serve_is_reported_with_the_reason(string body, string why)
    {
        Script("portmap", body);
        Assert.Equal(why, Missing("portmap").Why);
    }

    [Fact]
    public void A_file_that_is_not_executable_is_reported()
    {
        Plugin("portmap", File.ReadAllBytes("/bin/true"), UnixFileMode.UserRead);
        Assert.Equal("it is not executable", Missing("portmap").Why);
    }

    [Fact]
    public void A_good_plugin_is_asked_once_until_it_is_another_file()
    {
        var calls = Path.Combine(folder, "calls");
        Script("portmap", $"echo call >>{calls}; {Answer}");
        var writer = Writer;
        Assert.Empty(writer.FindMissing(Default));
        Assert.Empty(writer.FindMissing(Default));
        Assert.Single(File.ReadAllLines(calls));
        Script("portmap", $"echo again >>{calls}; {Answer}");
        Assert.Empty(writer.FindMissing(Default));
        Assert.Equal(["call", "again"], File.ReadAllLines(calls));
    }

    [Fact]
    public void What_is_there_stays_while_a_plugin_is_missing_and_goes_on_request()
    {
        var writer = Writer;
        writer.Write(Default);
        File.Delete(Path.Combine(Bin, "portmap"));
        Assert.NotEmpty(writer.Write(ConflistTemplate.Bridge(Subnet).Render(Subnet)).Missing);
        Assert.Equal(Default.Content, File.ReadAllBytes(Target));
        Assert.True(writer.Remove());
        Assert.False(writer.Remove());
    }

    [Fact]
    public void The_default_with_a_bridge_has_the_families_of_the_node()
    {
        var text = Encoding.UTF8.GetString(ConflistTemplate.Bridge(Subnet).Render(Subnet).Content);
        Assert.Contains(
            """
            "ipMasq": false,
            """,
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("""[[{ "subnet": "10.244.1.0/24" }]]""", text, StringComparison.Ordinal);
        var dual = SubnetFile.Parse(Subnet.Render() + "FLANNEL_IPV6_NETWORK=fd00::/48\nFLANNEL_IPV6_SUBNET=fd00:0:0:1::1/64\n", "");
        text = Encoding.UTF8.GetString(ConflistTemplate.Bridge(dual).Render(dual).Content);
        Assert.Contains("""[[{ "subnet": "10.244.1.0/24" }], [{ "subnet": "fd00:0:0:1::/64" }]]""", text, StringComparison.Ordinal);
        Assert.Contains("""[{ "dst": "10.244.0.0/16" }, { "dst": "fd00::/48" }]""", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "unexpected end of JSON input")]
    [InlineData("""{"name":"n"}""", "plugins is missing or empty")]
    [InlineData("""{"name":"n","plugins":[{}]}""", "plugins[0] has no type")]
    [InlineData("""{"name":"n","plugins":[{"type":"../x"}]}""", "is a path, not a name")]
    [InlineData("""{"plugins":[{"type":"x"}]}""", "missing network name")]
    [InlineData("${NODE}", "${NODE} is not known")]
    [InlineData("${POD_SUBNET6}", "this node has nothing for ${POD_SUBNET6}")]
    [InlineData("${MTU", "a ${ has no }")]
    public void A_template_that_gives_no_conflist_is_refused_with_its_path(string text, string why)
    {
        var error = Assert.Throws<ConflistException>(() => new ConflistTemplate(text, "/etc/plugboard/net.conflist").Render(Subnet));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("/etc/plugboard/net.conflist: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""","cniVersion":"0.4.0","cniVersions":["1.0.0","1.1.0","9.0.0"]""", "1.1.0")]
    [InlineData(""","cniVersions":["1.0.0","0.4.0"]""", "1.0.0")]
    [InlineData(""","cniVersion":"1.0.0","cniVersions":["0.4.0"]""", "1.0.0")]
    [InlineData(""","cniVersion":"1.0.0","cniVersions":[]""", "1.0.0")]
    [InlineData(""","cniVersion":"1.0.0","cniVersions":null""", "1.0.0")]
    public void Of_several_versions_the_highest_known_one_counts(string versions, string best) =>
        Assert.Equal(
            best,
            Conflist.Parse(Encoding.UTF8.GetBytes($$"""{"name":"n"{{versions}},"plugins":[{"type":"x"}]}"""), "f").CniVersion
        );

    [Theory]
    [InlineData("\"1.1.0\"")]
    [InlineData("[1.1]")]
    [InlineData("""["1.x"]""")]
    [InlineData("""["1.0.0.0"]""")]
    public void Versions_for_which_a_runtime_refuses_the_list_are_refused(string versions) =>
        Assert.Throws<ConflistException>(() =>
            Conflist.Parse(
                Encoding.UTF8.GetBytes($$"""{"name":"n","cniVersion":"1.0.0","cniVersions":{{versions}},"plugins":[{"type":"x"}]}"""),
                "f"
            )
        );

    [Fact]
    public void The_defaults_let_older_runtimes_speak_1_0_0_and_newer_ones_ask_STATUS()
    {
        foreach (var conflist in new[] { Default, ConflistTemplate.Bridge(Subnet).Render(Subnet) })
            Assert.Equal(
                ("1.0.0", "1.1.0", "0.4.0 1.0.0 1.1.0"),
                (conflist.FirstVersion, conflist.CniVersion, string.Join(' ', conflist.Versions))
            );
    }

    [Fact]
    public void A_plugin_that_does_not_speak_the_newest_version_gets_a_conflist_without_it_until_it_is_replaced()
    {
        Script("portmap", OlderAnswer);
        var writer = Writer;
        Assert.Equal((true, 0), (writer.Write(Default).Written, writer.Write(Default).Missing.Count));
        Assert.Equal(
            Encoding.UTF8.GetString(Default.Content).Replace(""", "1.1.0"]""", "]", StringComparison.Ordinal),
            File.ReadAllText(Target)
        );
        Assert.False(writer.Write(Default).Written);
        Script("portmap", Answer);
        Assert.True(writer.Write(Default).Written);
        Assert.Equal(Default.Content, File.ReadAllBytes(Target));
    }

    [Theory]
    [InlineData(
        """{ "x": { "cniVersions": [1] }, "cniVersions": [ "1.1.0", "0.3.1" ], "cniVersion": "1.0.0", """,
        """{ "x": { "cniVersions": [1] }, "cniVersions": ["0.3.1"], "cniVersion": "1.0.0", """
    )]
    [InlineData("""{"cniVersions":["1.1.0"],"cniVersion":"1.0.0",""", """{"cniVersions":[],"cniVersion":"1.0.0",""")]
    [InlineData("""{"cniVersion":"1.0.0",""", """{"cniVersion":"1.0.0",""")]
    public void Leaving_newer_versions_out_changes_nothing_else(string head, string expected)
    {
        const string Rest = "\"name\": \"n\", \"plugins\": [{ \"type\": \"x\" }] }";
        var older = Conflist.Parse(Encoding.UTF8.GetBytes(head + Rest), "f").WithoutNewerVersions();
        Assert.Equal((expected + Rest, "1.0.0"), (Encoding.UTF8.GetString(older.Content), older.CniVersion));
    }
}
