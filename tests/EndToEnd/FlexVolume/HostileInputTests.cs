using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>
/// Foreign files, and unintended input: nothing waits, nothing is echoed at length, and what a person
/// reads is for people.
/// </summary>
public sealed class HostileInputTests : IDisposable
{
    private const string Config = "/etc/flexvolume/plugboard~tmpfs.json";
    private static readonly string installer = $"{PluginDirectory.Ours}/installer";

    private readonly FlexNode node = new();

    [KernelTheory]
    [InlineData("mkfifo", "a named pipe")]
    [InlineData("mkdir", "a directory")]
    [InlineData("ln -s /dev/tty0", "a character device")]
    public void A_node_config_that_is_no_file_is_refused_at_once_and_keeps_nothing_mounted(string command, string kind)
    {
        node.Mount("plugboard~tmpfs", "\"size\":\"1Mi\"");
        node.Shell($"{command} {Config}");
        var output = node.Run([
            "timeout",
            "10",
            FlexNode.Executable("plugboard~tmpfs"),
            "mount",
            FlexNode.PodDirectory("plugboard~tmpfs", "w"),
            FlexNode.Options("\"size\":\"1Mi\""),
        ]);
        output.Failed($"{Config} is refused: it is {kind}, not a regular file");
        node.Run(["timeout", "10", FlexNode.Executable("plugboard~tmpfs"), "unmount", FlexNode.PodDirectory("plugboard~tmpfs", "v")])
            .Succeeded();
    }

    [KernelFact]
    public void A_node_config_may_be_reached_by_a_link()
    {
        node.Shell($"echo '{{\"forcedMountOptions\":\"noexec\",\"mountTimeoutSeconds\":7200}}' > /run/config; ln -s /run/config {Config}");
        node.TryMount("plugboard~tmpfs", "\"size\":\"1Mi\"")
            .Failed($"{Config}: \"mountTimeoutSeconds\" of the node config is not a number of seconds from 1 to 3600");
    }

    [KernelTheory]
    [InlineData("mkfifo /run/cred", "cifs: /run/cred is not a file with credentials")]
    [InlineData("mkdir /run/cred", "cifs: /run/cred is not a file with credentials")]
    [InlineData(":", "cifs: /run/cred is not a file with credentials")]
    [InlineData("truncate -s 1M /run/cred", "cifs: /run/cred is not a file with credentials")]
    [InlineData(
        "echo password=hunter2 > /run/cred; chmod 666 /run/cred",
        "cifs: /run/cred is refused: it must belong to root and be writable for root only (chown root: and chmod go-w)"
    )]
    [InlineData(
        "echo password=hunter2 > /run/cred; chown 1000 /run/cred",
        "cifs: /run/cred is refused: it must belong to root and be writable for root only (chown root: and chmod go-w)"
    )]
    public void A_credentials_file_that_is_none_is_refused_at_once(string command, string message)
    {
        node.Shell($"{command}; echo '{{\"credentialFiles\":[\"/run/cred\"]}}' > /etc/flexvolume/fstab~cifs.json");
        var output = node.Run([
            "timeout",
            "10",
            installer,
            "flexvolume",
            "check",
            "--driver",
            "fstab/cifs",
            "{\"networkPath\":\"//127.0.0.1/x\",\"mountOptions\":\"credentials=/run/cred\"}",
        ]);
        Assert.Equal((1, $"it would fail: {message}\n"), (output.ExitCode, output.Output));
    }

    [KernelFact]
    public void A_check_shows_neither_user_nor_password()
    {
        var output = node.Run([
            installer,
            "flexvolume",
            "check",
            "--driver",
            "fstab/cifs",
            "{\"networkPath\":\"//127.0.0.1/x\",\"mountOptions\":\"domain=CORP,username=eve,password=hunter2,uid=root,noperm\"}",
        ]);
        Assert.StartsWith("mount SMB //127.0.0.1/x on ", output.Output, StringComparison.Ordinal);
        Assert.Contains(
            "(NoSuid, NoDev): noperm,uid=0; " + "domain CORP\n",
            output.Output.Replace("uid=0,noperm", "noperm,uid=0", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("hunter2", output.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("eve", output.Output, StringComparison.Ordinal);
    }

    public static TheoryData<string> Drivers =>
        [
            "plugboard~local",
            "plugboard~loop",
            "plugboard~tmpfs",
            "plugboard~nfs",
            "fstab~cifs",
            "alicloud~nas",
            "ramax.com~local-storage",
            "nodeagent~uds",
        ];

    [KernelTheory]
    [MemberData(nameof(Drivers))]
    public void Odd_and_huge_options_get_a_short_answer_for_people(string driver)
    {
        var long_ = new string('x', 60_000);
        string[] members =
        [
            $"\"{long_}\":\"a\"",
            $"\"path\":\"{long_}\"",
            $"\"path\":\"/{long_}\"",
            $"\"server\":\"{long_}\",\"share\":\"/x\"",
            $"\"server\":\"s\",\"share\":\"/x\",\"mountOptions\":\"{long_}\"",
            $"\"networkPath\":\"{long_}\"",
            $"\"networkPath\":\"//s/x\",\"mountOptions\":\"uid={long_},vers=3.0\",\"kubernetes.io/secret/username\":\"YQ==\"",
            $"\"size\":\"{long_}\"",
            $"\"file\":\"{long_}\"",
            $"\"mode\":\"{long_}\"",
            "\"path\":[\"a\"]",
            "\"path\":{\"a\":1}",
            "\"path\":\"a\\u0000b\"",
            "\"path\":\"\\ud800\"",
            "\"size\":1e400",
            "\"size\":true",
            "\"uid\":-1",
            "\"uid\":99999999999999999999",
            "\"kubernetes.io/secret/username\":\"%\"",
            "\"kubernetes.io/mounterArgs.FsGroup\":\"x\",\"size\":null",
            $"\"x\":{new string('[', 100)}{new string(']', 100)}",
            $"\"mountOptions\":\"{string.Join(',', Enumerable.Range(0, 9000).Select(static i => $"a{i}"))}\",\"server\":\"s\","
                + $"\"share\":\"/x\"",
        ];
        foreach (var each in members)
        {
            var output = node.Call(
                driver,
                "mount",
                FlexNode.PodDirectory(driver, "v"),
                $"{{\"kubernetes.io/pod.namespace\":\"ns\",\"kubernetes.io/pod.uid\":\"{FlexNode.Uid}\","
                    + $"\"kubernetes.io/pvOrVolumeName\":\"v\",{each}}}"
            );
            Assert.InRange(output.Output.Length, 10, 1100);
            Assert.DoesNotContain("System.", output.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("Exception", output.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("unexpected error", output.Output, StringComparison.Ordinal);
            if (output.Status == "Success")
                node.Unmount(driver).Succeeded();
        }
    }

    [KernelTheory]
    [InlineData("head -c 3000000 /dev/zero | tr '\\0' '['")]
    [InlineData("head -c 3000000 /dev/zero | tr '\\0' 'x'")]
    [InlineData("printf 'kind: '; head -c 3000000 /dev/zero | tr '\\0' 'x'")]
    [InlineData("printf 'a: \"'; yes | head -n 500000")]
    [InlineData("head -c 100000 /dev/urandom")]
    [InlineData("seq 100000 | sed 's/.*/kind: PersistentVolume\\n---/'")]
    public void Convert_gives_a_short_answer_to_anything(string command)
    {
        node.Shell($"({command}) > /run/input");
        var output = node.Run(["timeout", "30", installer, "flexvolume", "convert", "/run/input"]);
        Assert.Equal(1, output.ExitCode);
        Assert.InRange(output.Output.Length + output.Error.Length, 10, 5000);
        Assert.DoesNotContain("System.", output.Output + output.Error, StringComparison.Ordinal);
    }

    public void Dispose() => node.Dispose();
}
