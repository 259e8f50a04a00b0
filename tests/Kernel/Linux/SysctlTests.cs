using Plugboard.Linux;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Linux;

public sealed class SysctlTests
{
    private const string Forward = "net/ipv4/ip_forward";

    private static TestMachine ReadOnlyMachine(string forward)
    {
        var machine = new TestMachine();
        machine.Run(() => Sysctl.Write(Forward, forward));
        machine.Tool("mount --bind /proc/sys /proc/sys");
        machine.Tool("mount -o remount,bind,ro /proc/sys");
        return machine;
    }

    [KernelFact]
    public void What_is_as_wanted_needs_no_writable_proc_sys()
    {
        using var machine = ReadOnlyMachine("1");
        machine.Run(static () =>
        {
            Assert.Null(Sysctl.TrySet(Forward, "1"));
            Assert.True(Sysctl.TryWrite(Forward, "1"));
            Assert.Equal("1", Sysctl.Ensure(Forward, "1"));
        });
    }

    [KernelFact]
    public void What_cannot_be_written_is_named_with_path_value_and_what_to_do()
    {
        using var machine = ReadOnlyMachine("0");
        var e = Assert.Throws<SysctlException>(() => machine.Run(static () => Sysctl.Write(Forward, "1")));
        Assert.Equal(
            "cannot set net.ipv4.ip_forward, which is 0, to 1: write /proc/sys/net/ipv4/ip_forward: read-only file system (EROFS)",
            e.Message
        );
        Assert.Equal((Errno.EROFS, new SysctlChange(Forward, "1")), (e.Errno, e.Wanted));
        Assert.Contains("net.ipv4.ip_forward=1", e.Advice, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_setting_that_the_kernel_does_not_have_is_distinguished()
    {
        using var machine = new TestMachine();
        machine.Run(static () =>
        {
            Assert.Null(Sysctl.Find("net/ipv4/no_such_setting"));
            Assert.False(Sysctl.TryWrite("net/ipv4/no_such_setting", "1"));
            Assert.False(Sysctl.TryWrite("net/ipv4/ip_forward/below_a_file", "1"));
            Assert.Null(Sysctl.Ensure("net/ipv4/no_such_setting", "1"));
            Assert.Equal(Errno.ENOENT, Assert.Throws<SysctlException>(static () => Sysctl.Write("net/ipv4/no_such_setting", "1")).Errno);
        });
    }

    [KernelFact]
    public void A_value_that_the_kernel_does_not_take_is_reported()
    {
        using var machine = new TestMachine();
        var e = Assert.Throws<SysctlException>(() => machine.Run(static () => Sysctl.Write(Forward, "yes")));
        Assert.Equal(Errno.EINVAL, e.Errno);
        Assert.Contains("the kernel does not take this value", e.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("net/ipv4/ip_forward", "net.ipv4.ip_forward")]
    [InlineData("net/ipv6/conf/eth0.100/accept_ra", "net.ipv6.conf.eth0/100.accept_ra")]
    public void A_name_is_written_as_sysctl_takes_it(string name, string dotted) => Assert.Equal(dotted, Sysctl.Dotted(name));
}
