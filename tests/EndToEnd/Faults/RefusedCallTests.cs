using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>
/// System calls that a seccomp profile around the runtime does not know: it answers EPERM, or ENOSYS as an old kernel does.
/// </summary>
public sealed class RefusedCallTests
{
    [KernelTheory]
    [InlineData("getrandom", "ENOSYS", 2, "getrandom 8 bytes: ", "seccomp")]
    [InlineData("linkat", "ENOSYS", 2, "link ", "seccomp")]
    [InlineData("fstatfs", "EPERM", 5, "fstatfs ", "seccomp")]
    [InlineData("statx", "EPERM", 4, "failed to find plugin \"host-local\"", "statx ")]
    public void The_error_names_the_call_and_what_can_refuse_it(string call, string error, int code, string message, string details)
    {
        using var node = new CniNode();
        var refused = Fault.Inject(node, new SystemCall(call, 1), error, "ADD", node.AddPod(), node.BridgeConfig(), fromThereOn: true);
        Assert.Equal(code, refused.Code);
        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
        Assert.Contains(details, refused.Details, StringComparison.Ordinal);
        Assert.Contains("seccomp profile", refused.Details, StringComparison.Ordinal);
        Assert.Empty(node.Leases());
    }

    // libc and the runtime have older calls for these.
    [KernelTheory]
    [InlineData("openat2")]
    [InlineData("statx")]
    [InlineData("close_range")]
    [InlineData("clone3")]
    [InlineData("membarrier")]
    [InlineData("faccessat2")]
    public void A_kernel_without_the_newer_calls_is_enough(string call)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var config = node.BridgeConfig();
        foreach (var verb in (string[])["ADD", "CHECK", "DEL"])
        {
            var output = Fault.Inject(node, new SystemCall(call, 1), "ENOSYS", verb, pod, config, fromThereOn: true);
            output.Succeeded();
            pod.Result ??= output.Json;
        }
    }
}
