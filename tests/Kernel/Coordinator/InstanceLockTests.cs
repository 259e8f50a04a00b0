using Plugboard.Coordinator.Cli;
using Plugboard.Linux.Files;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>Who can keep a coordinator from starting.</summary>
public sealed class OnlyOneTests : IDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromMilliseconds(100);

    private readonly TestMachine machine = new();
    private readonly List<string> log = [];

    public OnlyOneTests() => machine.Tool("mount -t tmpfs -o mode=755 run /run");

    public void Dispose() => machine.Dispose();

    private InstanceLock? Take() => machine.Run(() => InstanceLock.Take(InstanceLock.Directory, patience, log.Add));

    private string Lock => machine.Run(() => Assert.Single(Directory.GetFiles(InstanceLock.Directory)));

    [KernelFact]
    public void A_second_one_is_refused_while_the_first_one_runs_and_told_which_process_it_is()
    {
        using (Take())
        {
            var refusal = Assert.Throws<SettingException>(Take).Message;
            Assert.Equal(
                $"another coordinator runs in this network namespace: process {Environment.ProcessId} holds {Lock}; end it first",
                refusal
            );
        }

        using var next = Take();
        Assert.NotNull(next);
        Assert.Empty(log);
    }

    [KernelFact]
    public void The_lock_is_the_network_namespace_s()
    {
        using var first = Take();
        using var other = new TestNamespace();
        var shared = machine.Run(() => Directory.CreateTempSubdirectory("plugboard-locks-").FullName);
        using (other.Run(() => InstanceLock.Take($"{shared}/locks", patience, log.Add)))
        using (machine.Run(() => InstanceLock.Take($"{shared}/locks", patience, log.Add)))
            Assert.Equal(2, Directory.GetFiles($"{shared}/locks").Length);
        Directory.Delete(shared, recursive: true);
    }

    [KernelFact]
    public void Nobody_but_root_can_open_the_file()
    {
        using var own = Take();
        var path = Lock;
        Assert.Equal(
            "600 0 700",
            machine.Run(() => $"{Mode(path)} {FileDescriptor.FindStatus(path)!.Value.User} {Mode(InstanceLock.Directory)}")
        );
        var (exitCode, _, _) = machine.TryTool([
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "flock",
            "--nonblock",
            path,
            "true",
        ]);
        Assert.NotEqual(0, exitCode);
    }

    [KernelTheory]
    [InlineData("mkfifo LOCK")]
    [InlineData("ln -s /etc/passwd LOCK")]
    [InlineData("touch LOCK; chmod 644 LOCK")]
    [InlineData("touch LOCK; chmod 600 LOCK; chown 65534 LOCK")]
    [InlineData("chmod 777 $(dirname LOCK); mkfifo LOCK")]
    public void What_somebody_placed_there_is_replaced(string place)
    {
        string path;
        using (Take())
            path = Lock;
        machine.Run(() => File.Delete(path));
        Assert.Equal(0, machine.TryTool(["sh", "-c", place.Replace("LOCK", path, StringComparison.Ordinal)]).ExitCode);

        using var own = Take();

        Assert.NotNull(own);
        Assert.Equal([$"{path} was no file of root's alone: it is replaced"], log);
        Assert.Equal("600", machine.Run(() => Mode(path)));
        Assert.Throws<SettingException>(Take);
    }

    [KernelFact]
    public void A_directory_that_is_another_s_or_a_link_is_refused()
    {
        machine.Tool("mkdir -m 755 /run/elsewhere");
        machine.Tool($"ln -s /run/elsewhere {InstanceLock.Directory}");
        Assert.Equal(
            $"{InstanceLock.Directory} has to be a directory of root's, and no link: remove it, it is made again",
            Assert.Throws<SettingException>(Take).Message
        );
        machine.Tool($"rm {InstanceLock.Directory}");
        machine.Tool($"install -d -o 65534 {InstanceLock.Directory}");
        Assert.Equal(
            $"{InstanceLock.Directory} has to be a directory of root's, and no link: remove it, it is made again",
            Assert.Throws<SettingException>(Take).Message
        );
    }

    [KernelFact]
    public void Where_the_directory_cannot_be_made_it_runs_and_says_so()
    {
        machine.Tool("mount -o remount,ro /run");
        Assert.Null(Take());
        Assert.Equal(
            $"mkdir {InstanceLock.Directory}: read-only file system (EROFS): nothing keeps a second coordinator from starting in this "
                + $"network namespace; {InstanceLock.Directory} has to be a directory that can be written (in a pod: a volume of its own)",
            Assert.Single(log)
        );
    }

    private static string Mode(string path) => Convert.ToString((int)FileDescriptor.FindStatus(path)!.Value.Mode, 8);
}
