using Plugboard.Doctor;

namespace Plugboard.Tests.Unit.Doctor;

public sealed class DoctorOptionsTests
{
    [Theory]
    [InlineData("/", "/run/netns/x", "/run/netns/x")]
    [InlineData("/host", "/run/netns/x", "/host/run/netns/x")]
    [InlineData("/host/", "/var/lib/cni", "/host/var/lib/cni")]
    [InlineData("/host", "/var/run/netns/x", "/host/run/netns/x")]
    public void Paths_are_below_the_nodes_root(string root, string path, string seen) =>
        Assert.Equal(seen, new DoctorOptions { HostRoot = root }.Under(path));
}
