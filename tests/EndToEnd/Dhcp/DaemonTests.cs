using Plugboard.Dhcp.Daemon;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Deploy;
using Plugboard.Tests.EndToEnd.Harness;
using Plugboard.Tests.EndToEnd.Image;

namespace Plugboard.Tests.EndToEnd.Dhcp;

/// <summary>
/// The daemon as a process: its flags, its socket, the socket that systemd passes, a second one, the host's root elsewhere.
/// </summary>
public sealed class DaemonTests
{
    private static readonly string executable = Path.Combine(PluginDirectory.Ours, "dhcp");

    // Descriptor 3 is a socket that the Perl program makes; its last words are the daemon's command.
    private const string Activate = """
        use Socket; use POSIX (); $^F = 9; my ($s, $t); my ($kind, $count) = (shift, shift);
        if ($kind eq "tcp") { socket($s, PF_INET, SOCK_STREAM, 0) and listen($s, 9) or die $! }
        elsif ($kind eq "dgram") { socket($s, PF_UNIX, SOCK_DGRAM, 0) or die $! }
        else { socket($s, PF_UNIX, SOCK_STREAM, 0) and bind($s, sockaddr_un("/run/cni/dhcp.sock")) or die $!;
               $kind eq "deaf" or listen($s, 9) or die $! }
        POSIX::dup2(fileno($s), 3) or die $! if fileno($s) != 3;
        $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = $count; exec @ARGV;
        """;

    private static string[] Activated(string kind, string count = "1") =>
        ["perl", "-e", Activate, kind, count, executable, "daemon", "-results", ""];

    [KernelFact]
    public void The_daemon_serves_the_socket_that_it_is_started_with()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        var daemon = dhcp.Start(dhcp.Node, "env", Activated("unix"));
        Eventually.True(() => daemon.Output.Contains("serving on /run/cni/dhcp.sock", StringComparison.Ordinal), () => daemon.Output);
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        dhcp.Node.Call("STATUS", null, DhcpNode.Macvlan()).Succeeded();
        daemon.Terminate();
        Assert.Equal(0, dhcp.Node.TryTool(["test", "-S", "/run/cni/dhcp.sock"]).ExitCode);
        dhcp.Node.Call("DEL", pod, DhcpNode.Macvlan()).Succeeded();
    }

    [KernelTheory]
    [InlineData("tcp", "1", "descriptor 3")]
    [InlineData("dgram", "1", "descriptor 3")]
    [InlineData("deaf", "1", "descriptor 3")]
    [InlineData("unix", "2", "Too many (2) FDs passed through socket activation")]
    public void A_passed_socket_that_it_cannot_serve_is_refused(string kind, string count, string message)
    {
        using var dhcp = new DhcpNode();
        var output = dhcp.Node.TryTool(Activated(kind, count));
        Assert.Equal(1, output.ExitCode);
        Assert.Contains(message, output.Error, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_wrong_flag_or_a_path_that_cannot_be_used_is_named_and_nothing_is_left()
    {
        using var dhcp = new DhcpNode();
        Assert.Equal(2, Run(dhcp, "-nonsense").ExitCode);
        Assert.Equal(2, Run(dhcp, "-timeout", "soon").ExitCode);
        Assert.Contains("path not absolute", Run(dhcp, "-pidfile", "x").Error, StringComparison.Ordinal);
        Assert.Contains("path not absolute", Run(dhcp, "-socketpath", "x").Error, StringComparison.Ordinal);
        Assert.Contains("file name too long", Run(dhcp, "-socketpath", "/run/" + new string('x', 110)).Error, StringComparison.Ordinal);
        dhcp.Node.Tool("mkdir /run/pid");
        Assert.Contains("/run/pid", Run(dhcp, "-pidfile", "/run/pid").Error, StringComparison.Ordinal);
        Assert.NotEqual(0, dhcp.Node.TryTool(["test", "-e", "/run/cni/dhcp.sock"]).ExitCode);
        // What is not a socket stays.
        dhcp.Node.Tool("touch /run/cni/dhcp.sock");
        Assert.Contains("address already in use", Run(dhcp).Error, StringComparison.Ordinal);
        Assert.Equal(0, dhcp.Node.TryTool(["test", "-f", "/run/cni/dhcp.sock"]).ExitCode);
    }

    private static (int ExitCode, string Output, string Error) Run(DhcpNode dhcp, params string[] flags)
    {
        var (exitCode, output, error) = dhcp.Node.TryTool(["timeout", "20", executable, "daemon", "-results", "", .. flags]);
        Assert.NotEqual(124, exitCode);
        return (exitCode, output, error);
    }

    [KernelFact]
    public void A_second_daemon_is_refused_and_the_first_keeps_its_socket_its_pid_file_and_its_leases()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        using var daemon = dhcp.StartDaemon(flags: ["-pidfile", "/run/dhcp.pid"]);
        Assert.Equal($"{daemon.Id}", dhcp.Node.Tool("cat /run/dhcp.pid"));
        var second = Run(dhcp, "-pidfile", "/run/dhcp.pid");
        Assert.Equal(1, second.ExitCode);
        Assert.Contains("another daemon holds the leases in /run/cni/dhcp.sock.leases", second.Error, StringComparison.Ordinal);
        // Another socket at the path does not make it the owner of the leases.
        dhcp.Node.Tool("rm /run/cni/dhcp.sock");
        Assert.Contains("another daemon holds the leases", dhcp.Node.TryTool(Activated("unix")).Error, StringComparison.Ordinal);
        Assert.Equal($"{daemon.Id}", dhcp.Node.Tool("cat /run/dhcp.pid"));
        daemon.Terminate();
        Assert.NotEqual(0, dhcp.Node.TryTool(["test", "-e", "/run/dhcp.pid"]).ExitCode);
        // It is not the socket that the first one made.
        Assert.Equal(0, dhcp.Node.TryTool(["test", "-S", "/run/cni/dhcp.sock"]).ExitCode);
        using var next = dhcp.StartDaemon();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan()).Succeeded();
        next.Terminate();
        Assert.NotEqual(0, dhcp.Node.TryTool(["test", "-e", "/run/cni/dhcp.sock"]).ExitCode);
    }

    [KernelFact]
    public void The_reference_s_daemon_that_listens_is_left_alone()
    {
        using var dhcp = new DhcpNode();
        using var reference = dhcp.StartDaemon(PluginDirectory.Reference);
        Assert.Contains("another daemon listens on /run/cni/dhcp.sock", Run(dhcp).Error, StringComparison.Ordinal);
        Assert.Equal(0, dhcp.Node.TryTool(["test", "-S", "/run/cni/dhcp.sock"]).ExitCode);
    }

    [KernelFact]
    public void Under_a_prefix_it_serves_the_host_s_socket_and_enters_the_namespaces_that_the_host_names()
    {
        using var dhcp = new DhcpNode();
        using var server = dhcp.StartServer();
        var pod = dhcp.Node.AddPod();
        dhcp.Node.Tool("touch /run/netns/a");
        dhcp.Node.Tool($"mount --bind {pod.Path} /run/netns/a");
        // As in a container: the host's root below a directory, and a /run of its own.
        var host = Path.Combine(dhcp.Node.Directory, "host");
        Directory.CreateDirectory(host);
        var command =
            $"mount --rbind / {host} && mount -t tmpfs run /run "
            + $"&& exec {executable} daemon -hostprefix {host} -results /none -pidfile /run/p";
        var daemon = dhcp.Start(dhcp.Node, "unshare", "--mount", "sh", "-c", command);
        Eventually.True(
            () => daemon.Output.Contains($"serving on {host}/run/cni/dhcp.sock", StringComparison.Ordinal),
            () => daemon.Output
        );
        // A link of the host: its /run is meant.
        string[] variables = ["CNI_NETNS=/var/run/netns/a"];
        dhcp.Node.Call("ADD", pod, DhcpNode.Macvlan(), variables).Succeeded();
        Assert.Single(dhcp.LeaseFiles);
        dhcp.Node.Call("CHECK", pod, DhcpNode.Macvlan(), variables).Succeeded();
        dhcp.Node.Call("DEL", pod, DhcpNode.Macvlan(), variables).Succeeded();
        Eventually.Equal(0, () => dhcp.ServerLeases.Length);
        Assert.Empty(dhcp.LeaseFiles);
    }

    [Fact]
    public void The_DaemonSet_has_flags_of_the_daemon_and_the_host_s_paths_below_its_prefix()
    {
        var set = Assert.Single(YamlFile.Read(Path.Combine(PluginDirectory.Root, "examples/kubernetes/dhcp.yaml")));
        var pod = set["spec"]!["template"]!["spec"]!;
        var container = Assert.Single(pod["containers"]!.AsArray())!;
        Assert.Equal("/plugboard/dhcp", (string)container["command"]![0]!);
        Assert.Equal($"localhost/plugboard:{ImageArchives.Version}", (string)container["image"]!);
        string[] args = [.. container["args"]!.AsArray().Select(static each => (string)each!)];
        var options = DaemonOptions.Parse(args[1..], out var fault);
        Assert.Equal(("daemon", ""), (args[0], fault));
        var volumes = pod["volumes"]!
            .AsArray()
            .ToDictionary(static each => (string)each!["name"]!, static each => (string)each!["hostPath"]!["path"]!);
        var mounts = container["volumeMounts"]!
            .AsArray()
            .ToDictionary(static each => (string)each!["mountPath"]!, each => volumes[(string)each!["name"]!]);
        var prefix = options!.HostPrefix;
        // /var/run is a link of the host.
        string[] read = [Path.GetDirectoryName(options.SocketPath)!, "/run/netns", "/proc", .. options.Results];
        Assert.All(
            read,
            path =>
                Assert.Contains(
                    mounts,
                    mount => $"{prefix}{path}/".StartsWith($"{mount.Key}/", StringComparison.Ordinal) && mount.Key == prefix + mount.Value
                )
        );
        Assert.Equal("/run", mounts[prefix + "/var/run"]);
    }

    [KernelFact]
    public void Systemd_takes_the_units()
    {
        using var machine = new TestMachine();
        machine.Tool("mount -t tmpfs opt /opt");
        machine.Tool("mkdir -p /opt/cni/bin");
        machine.Tool($"cp {executable} /opt/cni/bin/dhcp");
        foreach (var unit in new[] { "cni-dhcp.socket", "cni-dhcp.service" })
        {
            var (exitCode, output, error) = machine.TryTool([
                "systemd-analyze",
                "verify",
                "--man=no",
                Path.Combine(PluginDirectory.Root, "examples", unit),
            ]);
            Assert.Equal((0, ""), (exitCode, output + error));
        }
    }
}
