using Plugboard.Linux.Namespaces;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Testing;

public sealed class TestNamespaceTests
{
    [KernelFact]
    public void A_namespace_is_fresh_and_not_the_machines()
    {
        using var ns = new TestNamespace();
        using var own = NetworkNamespace.OpenOwn();
        Assert.False(ns.Namespace.IsSame(own));
        Assert.Equal("lo", Assert.Single(ns.Json("ip -j link show").EnumerateArray()).GetProperty("ifname").GetString());
    }

    [KernelFact]
    public void Its_path_names_it_to_another_process()
    {
        using var ns = new TestNamespace();
        using var other = new TestNamespace();
        using var opened = NetworkNamespace.Open(ns.Path);
        Assert.True(opened.IsSame(ns.Namespace));
        ns.Tool("ip link add only-here type bridge");
        Assert.Contains("only-here", other.Tool($"nsenter --net={ns.Path} ip link show"));
    }

    [KernelFact]
    public void An_exception_inside_is_thrown_outside_and_the_namespace_lives_on()
    {
        using var ns = new TestNamespace();
        Assert.Throws<NotSupportedException>(() => ns.Run(() => throw new NotSupportedException()));
        Assert.Equal(7, ns.Run(() => 7));
    }

    [KernelFact]
    public void A_tool_that_fails_fails_the_test_with_what_it_said()
    {
        using var ns = new TestNamespace();
        Assert.Contains("nothing", Assert.Throws<InvalidOperationException>(() => ns.Tool("ip link show dev nothing")).Message);
    }

    [KernelFact]
    public void What_a_machine_mounts_is_seen_by_no_other_process()
    {
        using var machine = new TestMachine();
        var directory = Directory.CreateTempSubdirectory();
        try
        {
            machine.Tool($"mount -t tmpfs tmpfs {directory.FullName}");
            machine.Run(() => File.WriteAllText(Path.Combine(directory.FullName, "inside"), ""));
            Assert.True(machine.Run(() => File.Exists(Path.Combine(directory.FullName, "inside"))));
            Assert.Empty(directory.EnumerateFileSystemInfos());
            Assert.Equal("lo", machine.Tool("ls /sys/class/net").Trim());
        }
        finally
        {
            directory.Delete();
        }
    }
}
