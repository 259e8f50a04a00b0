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
    [InlineData("lease cursor link")]
    [InlineData("lease cursor link sealed-directory")]
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
        Assert.Equal(["eth0@older"], network.Owners());
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
            case "link":
                File.CreateSymbolicLink(Path.Combine(network.Index, "eth0@killed"), "10.1.2.3");
                break;
            default:
                Directory.SetLastWriteTimeUtc(network.Leases, Directory.GetLastWriteTimeUtc(network.Leases).AddTicks(-1));
                break;
        }
    }

    [Fact]
    public void A_DEL_killed_after_the_file_is_gone_leaves_nothing_that_matters()
    {
        network.Add("c1");
        network.Add("c2");
        File.Delete(Path.Combine(network.Leases, "10.1.2.2"));
        network.Del("c1");
        Assert.Equal(["eth0@c2"], network.Owners());
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
