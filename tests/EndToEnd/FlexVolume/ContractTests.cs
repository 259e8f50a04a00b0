using System.Text.Json;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>What every call keeps, whatever it is: one JSON object on standard output, nothing on standard error, exit code 0.</summary>
public sealed class ContractTests
{
    private static readonly string[] verbs =
    [
        "init",
        "getvolumename",
        "attach",
        "waitforattach",
        "isattached",
        "detach",
        "mountdevice",
        "unmountdevice",
        "mount",
        "unmount",
        "expandvolume",
        "expandfs",
        "nosuchcall",
    ];

    private static readonly string big = FlexNode.Options($"\"unknown\":\"{new string('x', 120 * 1024)}\"");

    private static readonly (string What, string[] Arguments)[] cases =
    [
        ("nothing", []),
        ("a directory", ["/var/lib/kubelet/nothing"]),
        ("broken JSON", ["/var/lib/kubelet/nothing", "{\"a\":"]),
        ("two objects", ["/var/lib/kubelet/nothing", "{} {}"]),
        ("empty options", ["/var/lib/kubelet/nothing", "{}"]),
        ("options first", ["{}", "/var/lib/kubelet/nothing", "1", "0"]),
        ("as expandfs", ["{}", "", "/var/lib/kubelet/nothing", "2", "1"]),
        ("too many", ["a", "b", "{}", "c", "d", "e", "f"]),
        ("120 KB of options", ["/var/lib/kubelet/nothing", big]),
        (
            "a Secret that is not text",
            ["/var/lib/kubelet/nothing", """{"kubernetes.io/secret/username":"/////w==","source":"//127.0.0.1/x"}"""]
        ),
        ("an odd path", ["relative/../path", "{}"]),
    ];

    [KernelTheory]
    [InlineData("plugboard~local")]
    [InlineData("plugboard~loop")]
    [InlineData("plugboard~tmpfs")]
    [InlineData("plugboard~nfs")]
    [InlineData("microsoft.com~smb")]
    [InlineData("nodeagent~uds")]
    public void Every_call_with_anything_gives_one_object_and_nothing_else(string driver)
    {
        using var node = new FlexNode();
        foreach (var verb in verbs)
        {
            foreach (var (what, arguments) in cases)
            {
                var output = node.Call(driver, [verb, .. arguments]);
                Assert.True(output.Error.Length == 0 && output.ExitCode == 0, $"{verb} with {what}: {output}");
                Assert.True(output.Status is "Success" or "Failure" or "Not supported", $"{verb} with {what}: {output}");
                Assert.DoesNotContain("null", output.Output, StringComparison.Ordinal);
            }
        }

        Assert.DoesNotContain(node.State(), static fact => fact.Contains("kubelet", StringComparison.Ordinal));
    }

    [KernelTheory]
    [InlineData("plugboard~local", false, true, true, true, true)]
    [InlineData("plugboard~loop", false, true, true, true, true)]
    [InlineData("k8s~nfs", false, false, false, false, false)]
    public void Init_tells_all_capabilities(string driver, params bool[] values)
    {
        using var node = new FlexNode();
        var capabilities = node.Call(driver, "init")
            .Json.GetProperty("capabilities")
            .EnumerateObject()
            .ToDictionary(static p => p.Name, static p => p.Value.GetBoolean());
        Assert.Equal(
            new Dictionary<string, bool>
            {
                ["attach"] = values[0],
                ["selinuxRelabel"] = values[1],
                ["supportsMetrics"] = values[2],
                ["fsGroup"] = values[3],
                ["requiresFSResize"] = values[4],
            },
            capabilities
        );
    }

    [KernelTheory]
    [InlineData("getvolumename")]
    [InlineData("attach")]
    [InlineData("isattached")]
    [InlineData("detach")]
    [InlineData("nosuchcall")]
    public void What_is_never_served_is_not_supported(string verb)
    {
        using var node = new FlexNode();
        Assert.Equal("{\"status\":\"Not supported\"}\n", node.Call("plugboard~local", verb, "{}", "node").Output);
    }

    [KernelFact]
    public void Init_opens_no_file_starts_no_thread_and_works_in_an_empty_root()
    {
        using var node = new FlexNode();
        var log = $"{node.Directory}/strace";
        node.Run([
                "strace",
                "-f",
                "-qq",
                "-e",
                "trace=%file,%network,clone,clone3,fork,vfork",
                "-o",
                log,
                FlexNode.Executable("plugboard~nfs"),
                "init",
            ])
            .Succeeded();
        var calls = node.Shell($"cat {log}").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("execve(", Assert.Single(calls), StringComparison.Ordinal);
        node.Shell($"mkdir -p {node.Directory}/root/p~nfs; cp -L {FlexNode.Executable("plugboard~nfs")} {node.Directory}/root/p~nfs/nfs");
        node.Run(["chroot", $"{node.Directory}/root", "/p~nfs/nfs", "init"]).Succeeded();
    }

    [KernelFact]
    public void Every_call_in_an_empty_root_gives_one_object()
    {
        using var node = new FlexNode();
        node.Shell(
            $"mkdir -p {node.Directory}/root/plugboard~local; cp -L {FlexNode.Executable("plugboard~local")} "
                + $"{node.Directory}/root/plugboard~local/local"
        );
        foreach (var verb in verbs)
        {
            foreach (var (what, arguments) in cases)
            {
                var output = node.Run(["chroot", $"{node.Directory}/root", "/plugboard~local/local", verb, .. arguments]);
                Assert.True(
                    output.Error.Length == 0 && output.ExitCode == 0 && output.Status is "Success" or "Failure" or "Not supported",
                    $"{verb} with {what}: {output}"
                );
            }
        }
    }

    [KernelFact]
    public void A_call_that_waits_ends_at_once_on_a_signal()
    {
        using var node = new FlexNode();
        var (driver, target, options) = (
            FlexNode.Executable("plugboard~tmpfs"),
            FlexNode.PodDirectory("plugboard~tmpfs", "v"),
            FlexNode.Options("\"size\":\"1Mi\"")
        );
        // The first has the volume's lock for three seconds, the second waits for it.
        var lines = node.Shell(
                $"""
                strace -f -qq -o /dev/null -e trace=move_mount -e inject=move_mount:delay_enter=3000000 \
                    {driver} mount {target} '{options}' > /run/first &
                sleep 1
                {driver} mount {target} '{options}' > /run/second & second=$!
                sleep 0.5
                kill -TERM $second
                wait $second || true
                echo "mounted: $(grep -c {target} /proc/self/mountinfo)"
                wait
                cat /run/first
                """
            )
            .Split('\n');
        Assert.Equal("mounted: 0", lines[0]);
        Assert.Contains("\"Success\"", lines[1], StringComparison.Ordinal);
        Assert.Single(node.LayersOn(target));
        node.Unmount("plugboard~tmpfs").Succeeded();
    }

    [KernelTheory]
    [InlineData(">&-")]
    [InlineData("2>&-")]
    [InlineData("<&- >&- 2>&-")]
    [InlineData(">/dev/full")]
    public void Closed_streams_do_no_harm(string streams)
    {
        using var node = new FlexNode();
        var target = FlexNode.PodDirectory("plugboard~tmpfs", "v");
        var options = FlexNode.Options("\"size\":\"1Mi\"");
        Assert.Equal(
            "exit 0",
            node.Shell($"{FlexNode.Executable("plugboard~tmpfs")} mount {target} '{options}' {streams} && echo exit $?").Split('\n')[^1]
        );
        Assert.Equal("flexvolume", node.Top(target)!.Source);
        Assert.Empty(node.Shell($"ls -A {target}"));
        node.Unmount("plugboard~tmpfs").Succeeded();
    }

    [KernelFact]
    public void A_child_holds_none_of_the_callers_descriptors_and_no_secret_is_in_its_arguments_or_environment()
    {
        using var node = new FlexNode();
        var log = $"{node.Directory}/strace";
        // hunter2, and the password in base64 as it comes.
        var options = FlexNode.Options(
            "\"source\":\"//127.0.0.1/share\"",
            more: "\"kubernetes.io/secret/username\":\"dXNlcg==\",\"kubernetes.io/secret/password\":\"aHVudGVyMg==\""
        );
        var script =
            $"exec 7</etc/passwd; exec strace -f -v -s 100000 -qq -e trace=execve,fcntl,close_range -o {log} "
            + $"{FlexNode.Executable("plugboard~cifs")} mount {FlexNode.PodDirectory("plugboard~cifs", "v")} '{options}'";
        var output = node.Run(["sh", "-c", script]);
        Assert.Equal("Failure", output.Status);
        var lines = node.Shell($"cat {log}").Split('\n');
        var child = Assert.Single(lines, static line => line.Contains("/proc/self/exe", StringComparison.Ordinal));
        Assert.Contains("[\"/proc/self/exe\", \"worker\"], []", child, StringComparison.Ordinal);
        Assert.Contains(
            lines,
            static line => line.Contains("close_range(3, 4294967295, CLOSE_RANGE_CLOEXEC) = 0", StringComparison.Ordinal)
        );
        foreach (var secret in (string[])["hunter2", "aHVudGVyMg=="])
        {
            Assert.DoesNotContain(secret, output.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(lines.Skip(1), line => line.Contains(secret, StringComparison.Ordinal));
        }
    }

    [KernelFact]
    public void A_Secret_is_erased_from_the_arguments_before_the_call_does_anything()
    {
        using var node = new FlexNode();
        // hunter2 in base64, as it comes. The call stops where it would mount, and while it is there its arguments are read as any user
        // may.
        var options = FlexNode.Options(
            "\"size\":\"1Mi\"",
            more: "\"kubernetes.io/secret/username\":\"dXNlcg==\",\"kubernetes.io/secret/password\":\"aHVudGVyMg==\""
        );
        var (executable, target) = (FlexNode.Executable("plugboard~tmpfs"), FlexNode.PodDirectory("plugboard~tmpfs", "v"));
        var script = $$"""
            strace -f -qq -o /dev/null -e trace=move_mount -e inject=move_mount:delay_enter=2000000 \
                {{executable}} mount {{target}} '{{options}}' > /run/answer &
            for i in $(seq 100); do
                for pid in $(pgrep -x tmpfs); do [ -e /run/flexvolume/locks ] \
                    && [ -n "$(ls /run/flexvolume/locks)" ] && tr '\0' ' ' < /proc/$pid/cmdline > /run/line \
                    && cat /proc/$pid/environ > /run/environ; done
                [ -s /run/line ] && break
                sleep 0.05
            done
            wait
            cat /run/line; echo; tr '\0' ' ' < /run/environ; echo; cat /run/answer
            """;
        var lines = node.Shell(script).Split('\n');
        Assert.Equal($"{executable} mount {target} {new string('*', System.Text.Encoding.UTF8.GetByteCount(options))} ", lines[0]);
        Assert.DoesNotContain("aHVudGVyMg", lines[1], StringComparison.Ordinal);
        Assert.Contains("\"Success\"", lines[2], StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("chmod 666", true)]
    [InlineData("chown 1000", true)]
    [InlineData("chmod 644", false)]
    public void A_node_config_that_others_could_have_written_is_refused(string command, bool refused)
    {
        using var node = new FlexNode();
        const string File = "/etc/flexvolume/plugboard~local.json";
        node.Shell($"mkdir /run/data; echo '{{\"roots\":[\"/run/data\"]}}' > {File}; {command} {File}");
        var output = node.TryMount("plugboard~local", "\"path\":\"ns/a\",\"create\":\"true\"");
        if (refused)
            output.Failed($"{File} is refused: it must belong to root and be writable for root only (chown root: and chmod go-w)");
        else
            Assert.True(System.IO.Directory.Exists(output.Succeeded().Message) || node.Shell("ls /run/data") == "ns");
    }

    [KernelFact]
    public void A_wrong_node_config_fails_a_mount_and_says_why()
    {
        using var node = new FlexNode();
        node.Shell("echo '{\"root\":[]}' > /etc/flexvolume/plugboard~local.json");
        node.TryMount("plugboard~local", "")
            .Failed("/etc/flexvolume/plugboard~local.json: line 1: the node config has an unknown key \"root\" (did you mean \"roots\"?)");
    }

    [KernelFact]
    public void A_wrong_node_config_does_not_keep_a_volume_mounted()
    {
        using var node = new FlexNode();
        var target = node.Mount("plugboard~local", "");
        node.Shell("echo bogus > /etc/flexvolume/plugboard~local.json");
        Assert.Equal("Failure", node.TryMount("plugboard~local", "").Status);
        node.Unmount("plugboard~local").Succeeded();
        Assert.Null(node.Top(target));
    }

    [KernelFact]
    public void A_call_that_waits_for_another_names_it()
    {
        using var node = new FlexNode();
        node.Shell("echo '{\"mountTimeoutSeconds\":1}' > /etc/flexvolume/plugboard~tmpfs.json");
        var (driver, target, options) = (
            FlexNode.Executable("plugboard~tmpfs"),
            FlexNode.PodDirectory("plugboard~tmpfs", "v"),
            FlexNode.Options("\"size\":\"1Mi\"")
        );
        var both = node.Shell(
                $"""
                strace -f -qq -o /dev/null -e trace=move_mount -e inject=move_mount:delay_enter=3000000 \
                    {driver} mount {target} '{options}' > /run/first &
                sleep 1
                {driver} mount {target} '{options}'
                wait
                cat /run/first
                """
            )
            .Split('\n');
        Assert.Matches($"\"{target}: process [0-9]+ still works on it after 1 s; kubelet will retry\"", both[0]);
        Assert.Contains("\"a tmpfs is mounted\"", both[1], StringComparison.Ordinal);
    }

    [KernelFact]
    public void Expandvolume_does_nothing_and_says_so()
    {
        using var node = new FlexNode();
        var json = node.Call("plugboard~loop", "expandvolume", "{}", "/nowhere", "200", "100").Succeeded().Json;
        Assert.Equal(200, json.GetProperty("volumeNewSize").GetInt64());
        Assert.Equal(JsonValueKind.Number, json.GetProperty("volumeNewSize").ValueKind);
    }
}
