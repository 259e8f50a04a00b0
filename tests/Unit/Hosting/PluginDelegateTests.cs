using System.Runtime.Versioning;
using System.Text;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Hosting;

[SupportedOSPlatform("linux")]
public sealed class PluginDelegateTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("plugboard-delegate-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private PluginDelegate Script(string body, string config = Calls.Config)
    {
        var path = Path.Combine(folder, "ipam");
        File.WriteAllText(path, "#!/bin/sh\n" + body + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return PluginDelegate.Find(Calls.Request(config, folder), "ipam");
    }

    private static CniException Fails(Action act) => Assert.Throws<CniException>(act);

    [Fact]
    public void The_first_regular_file_of_the_path_is_taken_and_links_are_followed()
    {
        var (first, second) = (Path.Combine(folder, "1"), Path.Combine(folder, "2"));
        Directory.CreateDirectory(Path.Combine(first, "ipam"));
        Directory.CreateDirectory(second);
        File.WriteAllText(Path.Combine(folder, "target"), "");
        File.CreateSymbolicLink(Path.Combine(second, "ipam"), Path.Combine(folder, "target"));
        var found = PluginDelegate.Find(Calls.Request(Calls.Config, $"/nowhere::/etc/passwd:{first}:{second}/"), "ipam");
        Assert.Equal(second + "/ipam", found.Path);
    }

    [Fact]
    public void What_is_nowhere_is_reported_with_the_path()
    {
        var error = Fails(() => PluginDelegate.Find(Calls.Request(Calls.Config, "/a:/b"), "host-local"));
        Assert.Equal(
            (CniErrorCode.InvalidEnvironment, "failed to find plugin \"host-local\" in path [/a /b]"),
            (error.Code, error.Message)
        );
    }

    // A seccomp profile that does not know statx(2) answers EPERM.
    [Fact]
    public void Where_one_of_the_path_cannot_be_looked_at_the_refusal_is_named()
    {
        File.CreateSymbolicLink(Path.Combine(folder, "ipam"), "ipam");
        var error = Fails(() => PluginDelegate.Find(Calls.Request(Calls.Config, $"/a:{folder}"), "ipam"));
        Assert.Equal($"failed to find plugin \"ipam\" in path [/a {folder}]", error.Message);
        Assert.StartsWith($"statx {folder}/ipam: too many levels of symbolic links (ELOOP): ", error.Details, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_result_is_read_in_its_own_version_or_the_config_s()
    {
        Assert.Equal(
            "10.9.8.7/24",
            Script("""echo '{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.9.8.7/24"}]}'""").Add().IPs[0].Address.ToString()
        );
        Assert.Equal("10.9.8.7/24", Script("""echo '{"ip4":{"ip":"10.9.8.7/24"}}'""", """{"name":"n"}""").Add().IPs[0].Address.ToString());
        Assert.Empty(Script("echo null").Add().IPs);
    }

    [Fact]
    public void It_gets_the_call_s_variables_the_process_s_own_and_the_input_to_the_byte()
    {
        const string Config = """{ "name":"n",  "cniVersion":"1.1.0","x":"ä\u0041" }""";
        var seen = Path.Combine(folder, "seen");
        Script($"env > {seen}; cat > {seen}.stdin", Config).Del();
        Assert.Equal(Config, File.ReadAllText(seen + ".stdin"));
        var lines = File.ReadAllLines(seen);
        Assert.Contains("CNI_COMMAND=DEL", lines);
        Assert.Contains("CNI_CONTAINERID=c1", lines);
        Assert.Contains("CNI_NETNS=/run/netns/nowhere", lines);
        Assert.Contains("CNI_IFNAME=eth0", lines);
        Assert.Contains($"CNI_PATH={folder}", lines);
        Assert.Contains("PATH=" + Environment.GetEnvironmentVariable("PATH"), lines);
        Assert.Single(lines, line => line.StartsWith("CNI_COMMAND=", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_verb_reaches_it()
    {
        var seen = Path.Combine(folder, "verbs");
        var ipam = Script($"echo $CNI_COMMAND >> {seen}");
        ipam.Check();
        ipam.Gc();
        ipam.Status();
        ipam.Del();
        Assert.Equal(["CHECK", "GC", "STATUS", "DEL"], File.ReadAllLines(seen));
    }

    [Fact]
    public void Its_error_object_passes_through_with_any_code()
    {
        var error = Fails(Script("""echo '{"code":123,"msg":"m","details":"d"}'; exit 1""").Del);
        Assert.Equal((123, "m", "d"), ((int)error.Code, error.Message, error.Details));
    }

    [Theory]
    [InlineData(
        "echo oops; exit 1",
        "netplugin failed but error parsing its diagnostic message \"oops\\n\": invalid error object: invalid JSON at line 1, column 1"
    )]
    [InlineData("echo 'went \"wrong\"' >&2; exit 1", "netplugin failed: \"went \\\"wrong\\\"\\n\"")]
    [InlineData("exit 3", "netplugin failed with no error message: exit status 3")]
    [InlineData("kill -9 $$", "netplugin failed with no error message: signal: killed")]
    public void What_is_no_error_object_is_reported_in_the_words_of_the_library(string body, string message)
    {
        var error = Fails(Script(body).Del);
        Assert.Equal((CniErrorCode.Internal, message), (error.Code, error.Message));
        Assert.Contains(folder, error.Details, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true", "failed to unmarshal raw result: unexpected end of JSON input")]
    [InlineData("echo '{\"cniVersion\":\"7\"}'", "unsupported CNI result version \"7\"")]
    [InlineData("echo '{} {}'", "failed to unmarshal raw result: invalid JSON at line 1, column 4: the JSON ends before it")]
    public void An_add_that_prints_no_result_fails(string body, string message) =>
        Assert.Equal(message, Fails(() => Script(body).Add()).Message);

    [Theory]
    [InlineData("true", "printed nothing")]
    [InlineData("echo hello", "printed \"hello\\n\"")]
    [InlineData("echo 5", "printed \"5\\n\"")]
    public void An_add_that_prints_no_result_is_reported_with_the_delegate_and_what_it_printed(string body, string details)
    {
        var error = Fails(() => Script(body).Add());
        Assert.Equal(CniErrorCode.IOFailure, error.Code);
        Assert.Contains(folder, error.Details, StringComparison.Ordinal);
        Assert.Contains(details, error.Details, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 0x180, "permission denied (EACCES)", "chmod 755")]
    [InlineData("no program\n", 0x1c0, "exec format error (ENOEXEC)", "install ipam again")]
    [InlineData("#!/nowhere/sh\n", 0x1c0, "no such file or directory (ENOENT)", "interpreter")]
    public void What_cannot_be_executed_is_code_5_with_the_path_the_reason_and_what_to_do(
        string content,
        int mode,
        string reason,
        string advice
    )
    {
        var path = Path.Combine(folder, "ipam");
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, (UnixFileMode)mode);
        var error = Fails(PluginDelegate.Find(Calls.Request(Calls.Config, folder), "ipam").Del);
        Assert.Equal((CniErrorCode.IOFailure, $"cannot execute {path}: {reason}"), (error.Code, error.Message));
        Assert.Contains(advice, error.Details, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_prints_without_end_is_killed()
    {
        var error = Fails(() => Script("exec yes").Add());
        Assert.Equal(
            (CniErrorCode.IOFailure, "ipam was killed: it printed more than 4 MiB, and a result has some kilobytes"),
            (error.Code, error.Message)
        );
    }

    [Fact]
    public void What_it_says_on_standard_error_is_read_to_its_end_and_reported_in_part()
    {
        var error = Fails(Script("yes | head -c 1000000 >&2; exit 1").Del);
        Assert.StartsWith("netplugin failed: \"y\\ny\\n", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 1000, 8000);
    }

    [Fact]
    public void It_gets_the_waiting_plugins_and_no_waiting_plugin_is_called()
    {
        var seen = Path.Combine(folder, "callers");
        Script($"echo $PLUGBOARD_CALLERS >> {seen}");
        var request = Calls.Request(Calls.Config, folder) with { Callers = ["flannel", "bridge"] };
        PluginDelegate.Find(request, "ipam").Del();
        Assert.Equal(["c1/eth0:flannel:bridge"], File.ReadAllLines(seen));
        File.Copy(Path.Combine(folder, "ipam"), Path.Combine(folder, "flannel"));
        var error = Fails(() => PluginDelegate.Find(request, "flannel"));
        Assert.Equal(
            (CniErrorCode.InvalidNetworkConfig, "delegates in a circle: flannel, bridge and then flannel again"),
            (error.Code, error.Message)
        );
        error = Fails(() => PluginDelegate.Find(request with { Callers = ["flannel"] }, "flannel"));
        Assert.Equal("flannel cannot be its own delegate", error.Message);
    }

    [Theory]
    [InlineData("STATUS", "PLUGBOARD_CALLERS=c1/eth0:fake:other", true)]
    [InlineData("ADD", "PLUGBOARD_CALLERS=c1/eth0:other:fake", true)]
    [InlineData("DEL", "PLUGBOARD_CALLERS=c1/eth0:other", false)]
    [InlineData("ADD", "PLUGBOARD_CALLERS=c2/eth0:fake", false)]
    [InlineData("ADD", "PLUGBOARD_CALLERS=fake", false)]
    [InlineData("ADD", "PLUGBOARD_CALLERS=", false)]
    public void A_plugin_that_is_called_while_it_waits_for_this_attachment_refuses(string verb, string variable, bool refuses)
    {
        var plugin = new FakePlugin();
        var (output, exitCode) = Calls.Serve(plugin, verb, Calls.Config, variable);
        Assert.Equal(refuses ? 1 : 0, exitCode);
        Assert.Equal(refuses, output.Contains("\"code\": 7", StringComparison.Ordinal));
        Assert.Equal(refuses ? [] : [verb], plugin.Calls);
    }

    private string CopyOfThisExecutable()
    {
        var path = Path.Combine(folder, "ipam");
        File.Copy("/proc/self/exe", path);
        return path;
    }

    [Fact]
    public void An_executable_of_this_very_build_is_called_in_process()
    {
        CopyOfThisExecutable();
        var plugin = new FakePlugin();
        var found = PluginDelegate.Find(Calls.Request("""{"name":"n","cniVersion":"0.4.0"}""", folder), "ipam", () => plugin);
        Assert.True(found.IsInProcess);
        var result = found.Add();
        found.Check();
        Assert.Equal(["ADD", "CHECK"], plugin.Calls);
        Assert.Equal([CniVerb.Add, CniVerb.Check], plugin.Requests.Select(request => request.Verb));
        // What 0.4.0 cannot say is lost, as it would be between two processes.
        Assert.Equal(0, result.Interfaces[0].Mtu);
    }

    [Fact]
    public void An_executable_whose_note_differs_by_one_byte_is_executed()
    {
        var path = CopyOfThisExecutable();
        var id = BuildId.Find(path)!;
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.AsSpan().IndexOf(id)] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.False(PluginDelegate.Find(Calls.Request(Calls.Config, folder), "ipam", () => new FakePlugin()).IsInProcess);
    }

    [Fact]
    public void Without_code_of_its_own_the_same_build_is_executed()
    {
        CopyOfThisExecutable();
        Assert.False(PluginDelegate.Find(Calls.Request(Calls.Config, folder), "ipam").IsInProcess);
    }

    [Fact]
    public void In_process_failures_are_what_a_process_would_print()
    {
        CopyOfThisExecutable();
        var plugin = new FakePlugin { OnCall = _ => throw new ErrnoException("write", "/f", Errno.ENOSPC) };
        var request = Calls.Request(Calls.Config, folder);
        var error = Fails(PluginDelegate.Find(request, "ipam", () => plugin).Del);
        var printed = CniErrorObject.Read(Encoding.UTF8.GetBytes(Calls.Serve(plugin, "DEL").Output));
        Assert.Equal((printed.Code, printed.Message, printed.Details), (error.Code, error.Message, error.Details));
    }

    [Fact]
    public void In_process_the_call_is_validated_as_a_process_would()
    {
        CopyOfThisExecutable();
        var request = Calls.Request("""{"name":"n","cniVersion":"1.0.0"}""", folder);
        var error = Fails(PluginDelegate.Find(request, "ipam", () => new FakePlugin()).Gc);
        Assert.Equal("config version does not allow GC", error.Message);
    }
}
