using Plugboard.Addresses;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Hosting;

public sealed class CniCallTests
{
    private const string OwnNamespace = "CNI_NETNS=/proc/self/ns/net";

    [Theory]
    [InlineData("DEL")]
    [InlineData("CHECK")]
    [InlineData("GC")]
    [InlineData("STATUS")]
    public void Success_of_all_but_add_says_nothing(string verb)
    {
        var plugin = new FakePlugin();
        Assert.Equal(("", 0), Calls.Serve(plugin, verb));
        Assert.Equal([verb], plugin.Calls);
    }

    [Fact]
    public void Add_prints_the_result_in_the_form_of_the_config()
    {
        Assert.Contains("\"mtu\": 1500", Calls.Serve(new FakePlugin(), "ADD").Output, StringComparison.Ordinal);
        Assert.Contains("\"ip4\": {", Calls.Serve(new FakePlugin(), "ADD", """{"name":"n"}""").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_has_what_environment_and_input_said()
    {
        var plugin = new FakePlugin();
        Calls.Serve(plugin, "ADD", """{"name":"net","cniVersion":"0.4.0"}""", "CNI_ARGS=A=b");
        var request = plugin.Requests[0];
        Assert.Equal(
            ("c1", "/run/netns/nowhere", "eth0", "A=b", "/opt/nowhere", "net", "0.4.0"),
            (request.ContainerId, request.NetNs, request.IfName, request.Args, request.Path, request.NetworkName, request.CniVersion)
        );
        Assert.Equal("""{"name":"net","cniVersion":"0.4.0"}"""u8, request.StdinBytes);
    }

    [Fact]
    public void Version_reads_no_input()
    {
        var outcome = CniCall.Serve(
            new FakePlugin(),
            name => name == "CNI_COMMAND" ? "VERSION" : null,
            () => throw new InvalidOperationException("read")
        );
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal(CniVersions.VersionDocument, outcome.Output);
    }

    [Fact]
    public void An_unknown_command_is_told_after_the_input_was_judged()
    {
        Assert.Equal((4, "unknown CNI_COMMAND: FOO"), Head(Calls.Fail(new FakePlugin(), "FOO")));
        Assert.Equal((7, "missing network name"), Head(Calls.Fail(new FakePlugin(), "FOO", "{}")));
        Assert.Equal((4, "unknown CNI_COMMAND: FOO"), Head(Calls.Fail(new FakePlugin(), "FOO", """{"name":"n","cniVersion":5}""")));
    }

    [Fact]
    public void Input_that_cannot_be_read_is_an_io_failure()
    {
        var outcome = CniCall.Serve(new FakePlugin(), Calls.Environment("ADD"), () => throw new ErrnoException("read", "stdin", Errno.EIO));
        Assert.Contains("\"code\": 5", System.Text.Encoding.UTF8.GetString(outcome.Output), StringComparison.Ordinal);
    }

    [Fact]
    public void Adding_the_plugin_s_own_namespace_is_refused_before_anything_is_done()
    {
        var plugin = new FakePlugin();
        Assert.Equal(
            (8, "plugin's netns and netns from CNI_NETNS should not be the same"),
            Head(Calls.Fail(plugin, "ADD", Calls.Config, OwnNamespace))
        );
        Assert.Empty(plugin.Calls);
        Assert.Equal(0, Calls.Serve(plugin, "ADD", Calls.Config, OwnNamespace, "CNI_NETNS_OVERRIDE=True").ExitCode);
    }

    [Fact]
    public void Del_takes_the_plugin_s_own_namespace_as_gone()
    {
        var plugin = new FakePlugin();
        Assert.Equal(0, Calls.Serve(plugin, "DEL", Calls.Config, OwnNamespace).ExitCode);
        Assert.Equal("", Assert.Single(plugin.Requests).NetNs);
    }

    [Fact]
    public void Check_may_be_of_the_own_namespace() =>
        Assert.Equal(0, Calls.Serve(new FakePlugin(), "CHECK", Calls.Config, OwnNamespace).ExitCode);

    [Fact]
    public void Del_needs_no_namespace() => Assert.Equal(0, Calls.Serve(new FakePlugin(), "DEL", Calls.Config, "CNI_NETNS=").ExitCode);

    [Theory]
    [InlineData("GC", "1.0.0", "config version does not allow GC")]
    [InlineData("STATUS", "1.0.0", "config version does not allow STATUS")]
    [InlineData("CHECK", "0.3.1", "config version does not allow CHECK")]
    [InlineData("DEL", "1.2.0", "incompatible CNI versions")]
    public void Versions_are_judged_before_the_verb(string verb, string version, string message)
    {
        var plugin = new FakePlugin();
        Assert.Equal((1, message), Head(Calls.Fail(plugin, verb, $$"""{"name":"n","cniVersion":"{{version}}"}""")));
        Assert.Empty(plugin.Calls);
    }

    [Fact]
    public void Gc_gets_what_is_valid_or_null()
    {
        var plugin = new FakePlugin();
        Calls.Serve(plugin, "GC");
        Assert.Null(plugin.Valid);
        Calls.Serve(plugin, "GC", """{"name":"n","cniVersion":"1.1.0","cni.dev/valid-attachments":[{"containerID":"a","ifname":"b"}]}""");
        Assert.Equal([new Attachment("n", "a", "b")], plugin.Valid!);
    }

    [Fact]
    public void An_add_whose_result_cannot_be_said_is_undone()
    {
        var plugin = new FakePlugin { Result = new CniResult() };
        Assert.Equal((1, "cannot convert: no valid IP addresses"), Head(Calls.Fail(plugin, "ADD", """{"name":"n"}""")));
        Assert.Equal(["ADD", "DEL"], plugin.Calls);
        Assert.Equal(CniVerb.Del, plugin.Requests[1].Verb);
    }

    public static TheoryData<Exception, int, string> Failures =>
        new()
        {
            { new CniException(CniErrorCode.PluginNotAvailable, "full", "add a range"), 50, "full" },
            {
                new FileLockTimeoutException("/l", TimeSpan.FromSeconds(5), 12),
                11,
                "timed out after 5 s waiting for the lock /l, held by process 12"
            },
            { new ErrnoException("write", "/f", Errno.ENOSPC), 5, "write /f: no space left on device (ENOSPC)" },
            { new ErrnoException("open", "/f", Errno.EROFS), 5, "open /f: read-only file system (EROFS)" },
            { new ErrnoException("open", "/f", Errno.EACCES), 5, "open /f: permission denied (EACCES)" },
            { new ErrnoException("read", "/f", Errno.EIO), 5, "read /f: input/output error (EIO)" },
            { new ErrnoException("mount", "/f", Errno.EBUSY), 11, "mount /f: device or resource busy (EBUSY)" },
            { new ErrnoException("setns", "/f", Errno.EPERM), 5, "setns /f: operation not permitted (EPERM)" },
            { new NetworkNamespaceException("/nowhere", "gone"), 3, "failed to open netns \"/nowhere\": gone" },
            { new NetworkNamespaceException("/etc/passwd", "unknown FS"), 8, "failed to open netns \"/etc/passwd\": unknown FS" },
            { new InsufficientMemoryException(), 999, "out of memory" },
            { new InvalidOperationException("Arg_NullReferenceException"), 999, "unexpected InvalidOperationException" },
            { new InvalidOperationException("Argument_Key, 5"), 999, "unexpected InvalidOperationException" },
            { new InvalidOperationException("a whole sentence"), 999, "a whole sentence" },
            {
                new AggregateException(new ErrnoException("write", "/f", Errno.ENOSPC), new InvalidOperationException("and more")),
                5,
                "write /f: no space left on device (ENOSPC); and more"
            },
            { new TimeoutException("translated"), 11, "busy" },
            { new NotSupportedException("translator fails"), 999, "unexpected DivideByZeroException" },
        };

    [Theory]
    [MemberData(nameof(Failures))]
    public void Failures_have_codes_that_mean_something(Exception failure, int code, string message)
    {
        var plugin = new FakePlugin
        {
            OnCall = _ => throw failure,
            OnTranslate = e =>
                e is TimeoutException ? new CniException(CniErrorCode.TryAgainLater, "busy")
                : e is NotSupportedException ? throw new DivideByZeroException("Arg_DivideByZero")
                : null,
        };
        var error = Calls.Fail(plugin, "STATUS");
        Assert.Equal((code, message), Head(error));
        Assert.Equal(failure is TimeoutException, error.Details.Length == 0);
    }

    private static (int Code, string Message) Head((int Code, string Message, string Details) error) => (error.Code, error.Message);
}
