using System.Text;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Linux;

public sealed class CommandTests
{
    private static Command Shell(string script) =>
        new("/bin/sh") { Arguments = ["-c", script], Environment = ["PATH=/usr/bin:/bin", "A=b c"] };

    [Fact]
    public void It_gets_exactly_the_environment_it_is_given()
    {
        var result = new Command("/usr/bin/env") { Environment = ["A=b c", "X=ä"] }.Run();
        Assert.Equal("A=b c\nX=ä\n", Encoding.UTF8.GetString(result.Output));
    }

    [Fact]
    public void Much_input_and_output_do_not_wait_for_each_other()
    {
        var input = new byte[3_000_000];
        new Random(1).NextBytes(input);
        var result = new Command("/bin/sh")
        {
            Arguments = ["-c", "exec tee /dev/fd/2"],
            Environment = ["PATH=/usr/bin:/bin"],
            Input = input,
            Timeout = TimeSpan.FromSeconds(30),
        }.Run();
        Assert.True(result.Succeeded, result.ErrorText.Length < 1000 ? result.ErrorText : "");
        Assert.True(input.AsSpan().SequenceEqual(result.Output));
        Assert.True(input.AsSpan().SequenceEqual(result.Error));
    }

    [Fact]
    public void A_child_that_does_not_read_its_input_is_no_failure() =>
        Assert.Equal(
            7,
            new Command("/bin/sh") { Arguments = ["-c", "exit 7"], Input = new byte[1_000_000] }
                .Run()
                .ExitCode
        );

    [Fact]
    public void Output_and_error_are_apart()
    {
        var result = Shell("echo out; echo err >&2; exit 3").Run();
        Assert.Equal(
            (3, null, false, "out\n", "err\n"),
            (result.ExitCode, result.Signal, result.TimedOut, Encoding.UTF8.GetString(result.Output), result.ErrorText)
        );
    }

    [Fact]
    public void A_signal_is_reported()
    {
        var result = Shell("kill -15 $$").Run();
        Assert.Equal((null, 15), (result.ExitCode, result.Signal));
    }

    [Fact]
    public void What_takes_too_long_is_killed()
    {
        var result = new Command("/bin/sleep") { Arguments = ["60"], Timeout = TimeSpan.FromMilliseconds(100) }.Run();
        Assert.Equal((true, 9), (result.TimedOut, result.Signal));
    }

    [Fact]
    public void A_missing_file_cannot_be_started() =>
        Assert.Equal(Errno.ENOENT, Assert.Throws<ErrnoException>(new Command("/nowhere/x").Run).Errno);

    [Fact]
    public void The_child_has_the_default_signals()
    {
        var text = Encoding.UTF8.GetString(Shell("grep -E 'SigBlk|SigIgn' /proc/self/status").Run().Output);
        Assert.Contains("SigBlk:\t0000000000000000", text, StringComparison.Ordinal);
        var ignored = Convert.ToUInt64(text[(text.IndexOf("SigIgn:\t", StringComparison.Ordinal) + 8)..].Trim(), 16);
        Assert.Equal(0UL, ignored & (1UL << 12));
    }

    [Fact]
    public void The_child_has_no_descriptor_that_this_process_opened()
    {
        using var other = File.OpenRead("/etc/passwd");
        var seen = Encoding
            .UTF8.GetString(Shell("ls /proc/self/fd").Run().Output)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(int.Parse);
        // What the test's own parent left open passes through; 3 is the directory that ls reads.
        Assert.DoesNotContain(seen, fd => fd > 3 && !IsInherited(fd));
    }

    private static bool IsInherited(int fd)
    {
        const int CloExec = 0x80000;
        var info = $"/proc/self/fdinfo/{fd}";
        return File.Exists(info)
            && (
                Convert.ToInt32(File.ReadLines(info).First(line => line.StartsWith("flags:", StringComparison.Ordinal))[6..].Trim(), 8)
                & CloExec
            ) == 0;
    }

    [Fact]
    public void No_descriptor_is_left_open()
    {
        static int Pipes() =>
            Directory
                .GetFiles("/proc/self/fd")
                .Count(fd => new FileInfo(fd).LinkTarget?.StartsWith("pipe:", StringComparison.Ordinal) == true);
        var before = Pipes();
        for (var i = 0; i < 50; i++)
        {
            Shell("true").Run();
            Assert.Throws<ErrnoException>(new Command("/nowhere/x").Run);
        }

        Assert.InRange(Pipes(), 0, before + 20);
    }

    [Fact]
    public void An_executable_that_is_still_being_written_is_waited_for()
    {
        var path = Path.Combine(Path.GetTempPath(), "plugboard-busy-" + Guid.NewGuid().ToString("N"));
        try
        {
            File.Copy("/bin/true", path);
            var writer = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            using var closer = new Timer(_ => writer.Dispose(), null, 200, Timeout.Infinite);
            Assert.True(new Command(path).Run().Succeeded);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
