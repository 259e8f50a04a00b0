using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>What another ADD can do to the bridge while one waits for its lock: the test takes the other's part.</summary>
public sealed class BridgeLockTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [KernelFact]
    public void An_ADD_that_waits_to_set_up_a_bridge_that_is_taken_back_makes_its_own()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Tool("ip link add cni0 type bridge");
        Action add;
        using (Lock(node, alone: false))
        {
            add = Start(node, pod);
            WaitForWaiter(node);
            node.Tool("ip link delete cni0");
        }

        add();
    }

    [KernelFact]
    public void An_ADD_that_waits_while_the_bridge_is_made_again_takes_the_new_one()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Tool("ip link add cni0 type bridge");
        Action add;
        using (Lock(node, alone: true))
        {
            add = Start(node, pod);
            WaitForWaiter(node);
            Assert.Equal("", pod.Tool("ip -brief link show type veth"));
            node.Tool("ip link delete cni0");
            node.Tool("ip link add cni0 type bridge");
        }

        add();
        Assert.NotEqual("", node.Tool("ip -brief link show master cni0"));
    }

    private static FileLock Lock(CniNode node, bool alone) =>
        node.Run(() =>
        {
            var file = NamespaceLock.TryOpen("bridge")!;
            return alone ? FileLock.Take(file, Patience) : FileLock.TakeShared(file, Patience);
        });

    // Returns the wait for its success.
    private static Action Start(CniNode node, CniPod pod)
    {
        CniOutput? output = null;
        var thread = new Thread(() => output = node.CallBeside("ADD", pod, node.BridgeConfig()));
        thread.Start();
        return () =>
        {
            Assert.True(thread.Join(Patience));
            output!.Succeeded();
        };
    }

    // proc_locks(5): who waits stands below the lock it waits for, with an arrow.
    private static void WaitForWaiter(CniNode node)
    {
        var inode = node.Run(static () => NamespaceLock.TryOpen("bridge")!.Status().Inode);
        var deadline = TimeProvider.System.GetTimestamp();
        while (
            !File.ReadLines("/proc/locks")
                .Any(line => line.Contains("-> FLOCK", StringComparison.Ordinal) && line.Contains($":{inode} ", StringComparison.Ordinal))
        )
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < Patience, "no ADD waits for the lock");
            Thread.Yield();
        }
    }
}
