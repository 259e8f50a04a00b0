using Plugboard.Linux.Namespaces;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Linux;

public sealed class HostMountsTests
{
    private const string Marker = "/run/of-the-container";

    [KernelFact]
    public void Work_among_the_host_s_mounts_sees_none_of_the_container_s()
    {
        using var container = new TestMachine();
        container.Tool("mkdir -p /run/host");
        container.Tool("mount --rbind / /run/host");
        container.Run(static () => File.WriteAllText(Marker, ""));
        var (among, after) = container.Run(static () =>
            (HostMounts.Find("/run/host")!.Run(static () => File.Exists(Marker)), File.Exists(Marker))
        );
        Assert.Equal((false, true), (among, after));
    }

    [KernelFact]
    public void Work_on_the_host_itself_stays_on_its_thread()
    {
        var own = Environment.CurrentManagedThreadId;
        Assert.Equal(own, HostMounts.Find("/")!.Run(static () => Environment.CurrentManagedThreadId));
    }

    [KernelFact]
    public void A_directory_that_is_no_process_s_root_is_not_entered()
    {
        using var container = new TestMachine();
        container.Tool("mkdir -p /run/host");
        Assert.Null(container.Run(static () => HostMounts.Find("/run/host")));
        Assert.Null(container.Run(static () => HostMounts.Find("/run/missing")));
    }
}
