using Plugboard.Linux.Namespaces;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Linux;

public sealed class HostMountsTests
{
    private const string Marker = "/run/of-the-host";

    private static string ProcessOf(TestNamespace host) => host.Path[..^"/ns/net".Length];

    [KernelFact]
    public void Work_among_the_host_s_mounts_sees_them_and_the_container_sees_its_own_after_it()
    {
        using var host = new TestMachine();
        host.Run(static () => File.WriteAllText(Marker, ""));
        using var container = new TestMachine();
        var process = ProcessOf(host);
        var (among, after) = container.Run(() =>
            (HostMounts.Find($"{process}/root", process)!.Run(static () => File.Exists(Marker)), File.Exists(Marker))
        );
        Assert.Equal((true, false), (among, after));
    }

    [KernelFact]
    public void Work_on_the_host_itself_stays_on_its_thread()
    {
        var own = Environment.CurrentManagedThreadId;
        Assert.Equal(own, HostMounts.Find("/", HostMounts.FirstProcess)!.Run(static () => Environment.CurrentManagedThreadId));
    }

    [KernelFact]
    public void A_directory_that_is_not_the_process_s_root_is_not_entered()
    {
        using var host = new TestMachine();
        Assert.Null(HostMounts.Find("/usr", ProcessOf(host)));
        Assert.Null(HostMounts.Find("/missing", ProcessOf(host)));
    }
}
