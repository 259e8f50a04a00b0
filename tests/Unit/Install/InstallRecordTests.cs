using System.Text;
using Plugboard.Install;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Tests.Unit.Install;

public sealed class InstallRecordTests
{
    private static readonly ExecutableFacts ours = new("aa", 1, "2026-01-02T03:04:05Z", "install") { Version = "0.1.0", BuildId = "0123" };
    private static readonly ExecutableFacts theirs = new("link:../x \"y\"", 0, "2025-01-02T03:04:05Z", "found");

    [Fact]
    public void What_is_written_is_read()
    {
        foreach (var previous in (ExecutableFacts?[])[theirs, null])
        {
            var record = new InstallRecord(ours, previous, ["aa", "bb"]);
            var read = InstallRecord.Find(record.ToBytes())!;
            Assert.Equal((record.Current, record.Previous), (read.Current, read.Previous));
            Assert.Equal(record.Ours, read.Ours);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("\0\0\0\0")]
    [InlineData("{\"current\":{\"digest\":\"aa\"},\"ours\":[]}")]
    [InlineData("{\"current\":{\"digest\":\"aa\",\"size\":\"x\"},\"ours\":[]}")]
    [InlineData("{\"current\":{\"digest\":\"aa\",\"size\":1},\"ours\":{}}")]
    public void A_damaged_one_is_none(string text) => Assert.Null(InstallRecord.Find(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Digests_are_remembered_once_each_and_not_for_ever()
    {
        IReadOnlyList<string> digests = [];
        for (var i = 0; i < 40; i++)
            digests = InstallRecord.Remember(digests, i % 2 == 0 ? "even" : $"odd{i}");
        Assert.Equal(16, digests.Count);
        Assert.Equal(("odd39", "even"), (digests[0], digests[1]));
        Assert.Single(digests, "even");
    }

    [Theory]
    [InlineData("vendor/local", "vendor~local", "vendor~local/local")]
    [InlineData("local", "~local", "local/local")]
    public void A_drivers_key_tells_its_target(string name, string key, string path)
    {
        var target = InstallTarget.Driver(DriverName.Find(name)!);
        Assert.Equal((key, path), (target.Key, target.RelativePath));
        Assert.Equal(target, StateNames.TargetOf(key));
        Assert.Equal(InstallTarget.Plugin("bridge"), StateNames.TargetOf("bridge"));
    }
}
