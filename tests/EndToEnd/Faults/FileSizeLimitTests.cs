using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>A runtime that runs under a limit of file sizes, which its plugins inherit.</summary>
public sealed class FileSizeLimitTests
{
    [KernelFact]
    public void A_write_beyond_the_limit_is_an_error_that_names_it_and_leaves_nothing()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var config = node.BridgeConfig();
        var before = MachineState.Of(node, pod);
        string[] limited = ["prlimit", "--fsize=0:0"];
        var refused = node.CallRaw("ADD", pod, "bridge", CniNode.InputOf("ADD", pod, config), limited);
        Assert.Equal(5, refused.Code);
        Assert.Contains("file too large (EFBIG)", refused.Message, StringComparison.Ordinal);
        Assert.StartsWith("the runtime gives its plugins a limit of 0 bytes for a file (RLIMIT_FSIZE): ", refused.Details);
        Assert.Empty(before.Difference(MachineState.Of(node, pod), FaultyMachine.IsOfTheBridge));
    }
}
