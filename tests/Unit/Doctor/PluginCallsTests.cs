using System.Diagnostics;
using System.Runtime.Versioning;
using Plugboard.Doctor.Nodes;

namespace Plugboard.Tests.Unit.Doctor;

[SupportedOSPlatform("linux")]
public sealed class PluginCallsTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("calls").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private PluginCalls Calls(CallBudget? budget = null) => new(["/nowhere", directory], budget ?? new CallBudget());

    private void Plugin(string body)
    {
        var path = Path.Combine(directory, "other");
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void A_plugin_is_called_with_STATUS_its_config_and_the_runtime_s_directories()
    {
        Plugin($"""echo "$CNI_COMMAND $CNI_PATH $(cat)" > {directory}/said""");
        Assert.Equal(StatusReply.Ready, Calls().AskStatus("other", "{}"u8.ToArray()));
        Assert.Equal($"STATUS /nowhere:{directory} {{}}\n", File.ReadAllText($"{directory}/said"));
    }

    [Theory]
    [InlineData("""echo '{"code":50,"msg":"no daemon","details":"start it"}'; exit 1""", "no daemon", "start it")]
    [InlineData("echo broken >&2; exit 3", "exit code 3: broken", "")]
    [InlineData("exit 4", "exit code 4", "")]
    [InlineData("kill -9 $$", "signal 9", "")]
    public void What_it_says_is_repeated(string body, string message, string details)
    {
        Plugin(body);
        var reply = Calls().AskStatus("other", []);
        Assert.Equal((StatusKind.NotReady, message, details), (reply.Kind, reply.Error?.Message, reply.Error?.Details));
    }

    [Fact]
    public void One_that_hangs_is_killed_and_no_other_is_called_when_the_time_is_up()
    {
        Plugin("exec sleep 60");
        var calls = Calls(new CallBudget(TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(300)));
        var watch = Stopwatch.StartNew();
        Assert.Equal(StatusKind.Hung, calls.AskStatus("other", []).Kind);
        Assert.Equal(StatusKind.NotAsked, calls.AskStatus("other", []).Kind);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"it took {watch.Elapsed}");
    }

    [Fact]
    public void A_child_that_keeps_the_output_open_holds_up_nobody()
    {
        Plugin("sleep 20 & exit 0");
        var calls = Calls(new CallBudget(TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(1)));
        var watch = Stopwatch.StartNew();
        Assert.Equal(StatusKind.Hung, calls.AskStatus("other", []).Kind);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"it took {watch.Elapsed}");
    }

    [Theory]
    [InlineData("echo 'mtu: is negative'; echo 'vlan: is none'; exit 1", "mtu: is negative|vlan: is none")]
    [InlineData("echo 'The config is valid.'", "")]
    [InlineData("echo usage; exit 2", "")]
    public void What_validate_finds_is_a_sentence_each(string body, string sentences)
    {
        Plugin($"""[ "$1" = validate ] && [ -z "$CNI_COMMAND" ] || exit 9; {body}""");
        Assert.Equal(sentences, string.Join('|', Calls().Validate("other", [])));
    }

    [Fact]
    public void A_script_is_none_of_ours_and_neither_is_a_missing_plugin()
    {
        Plugin("exit 0");
        Assert.False(Calls().IsOurs("other"));
        Assert.False(Calls().IsOurs("absent"));
        Assert.Equal(StatusKind.NotAsked, Calls().AskStatus("absent", []).Kind);
    }
}
