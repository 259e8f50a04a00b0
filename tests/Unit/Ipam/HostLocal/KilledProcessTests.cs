using Plugboard.Ipam.HostLocal;
using Plugboard.Testing.Ipam;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

/// <summary>The states a process leaves that is killed after each of ADD's and DEL's steps.</summary>
public sealed class KilledProcessTests : IDisposable
{
    private readonly IpamNetwork network = new(new HostLocalPlugin());

    public void Dispose() => network.Dispose();

    [Theory]
    [InlineData("lease")]
    [InlineData("lease cursor")]
    [InlineData("lease torn-cursor")]
    [InlineData("lease cursor torn-line")]
    [InlineData("lease cursor line")]
    [InlineData("lease cursor line torn-seal")]
    [InlineData("lease cursor line seal")]
    [InlineData("lease cursor no-log")]
    [InlineData("lease cursor no-log no-snapshot")]
    [InlineData("lease cursor no-log torn-snapshot")]
    [InlineData("lease cursor no-log new-snapshot")]
    [InlineData("lease cursor new-snapshot torn-log")]
    [InlineData("lease cursor new-snapshot new-log")]
    public void An_ADD_killed_after_its_lease_is_released_by_DEL(string steps)
    {
        network.Add("older");
        foreach (var step in steps.Split(' '))
            Do(step);
        Assert.False(network.IsIndexed());
        network.Check("killed");
        network.Del("killed");
        Assert.False(network.Has("10.1.2.3"));
        Assert.True(network.Has("10.1.2.2"));
        Assert.True(network.IsIndexed());
        Assert.Equal(["older"], network.Owners());
    }

    private void Do(string step)
    {
        switch (step)
        {
            case "lease":
                network.Write("10.1.2.3", "killed\r\neth0");
                break;
            case "cursor":
                network.Write("last_reserved_ip.0", "10.1.2.3");
                break;
            case "torn-cursor":
                network.Write("last_reserved_ip.0", "");
                break;
            case "torn-line":
                File.AppendAllText(network.Log, "+ killed 10.1");
                break;
            case "line":
                File.AppendAllText(network.Log, "+ killed 10.1.2.3\n");
                break;
            case "torn-seal":
                File.AppendAllText(network.Log, $"= {TimeOfSeal}"[..^1]);
                break;
            case "seal":
                File.AppendAllText(network.Log, $"= {TimeOfSeal}\n");
                break;
            case "no-log":
                File.Delete(network.Log);
                break;
            case "no-snapshot":
                File.Delete(network.Snapshot);
                break;
            case "torn-snapshot":
                File.WriteAllText(network.Snapshot, "killed 10.1");
                break;
            case "new-snapshot":
                File.WriteAllText(network.Snapshot, "killed 10.1.2.3\nolder 10.1.2.2\n");
                break;
            case "torn-log":
                File.WriteAllText(network.Log, "snapshot 3");
                break;
            case "new-log":
                File.WriteAllText(network.Log, $"snapshot 32\n= {TimeOfSeal}\n");
                break;
            default:
                throw new ArgumentException(step);
        }
    }

    // The directory's future time.
    private long TimeOfSeal => ((Directory.GetLastWriteTimeUtc(network.Leases) - DateTime.UnixEpoch).Ticks * 100) - 1;

    [Fact]
    public void A_DEL_killed_after_the_file_is_gone_leaves_nothing_that_matters()
    {
        network.Add("c1");
        network.Add("c2");
        File.Delete(Path.Combine(network.Leases, "10.1.2.2"));
        network.Del("c1");
        Assert.Equal(["c2"], network.Owners());
        Assert.Equal("10.1.2.4", network.AddOne("c1"));
    }

    [Fact]
    public void A_temporary_file_of_a_filesystem_without_unnamed_ones_is_no_lease()
    {
        network.Write(".new", "killed\r\neth0");
        IpamNetwork.Fails(() => network.Check("killed"));
        network.Add("c1");
        Assert.Equal("c1\r\neth0", network.Read("10.1.2.2"));
    }
}
