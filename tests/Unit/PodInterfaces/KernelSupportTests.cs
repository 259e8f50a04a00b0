using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.PodInterfaces;

namespace Plugboard.Tests.Unit.PodInterfaces;

public sealed class KernelSupportTests
{
    [Theory]
    [InlineData("vlan", "load or build the module 8021q")]
    [InlineData("macvlan", "load or build the module macvlan")]
    [InlineData("dummy", "load or build the module dummy")]
    public void The_remedy_names_the_module_that_has_the_kind(string kind, string remedy)
    {
        var refusal = new NetlinkException("RTM_NEWLINK", "eth0", new NetlinkError(Errno.EOPNOTSUPP, "Unknown device type", null));
        Assert.Equal(remedy, KernelSupport.LacksLinks(kind, refusal).Details);
    }
}
