using Plugboard.Linux.LibC;

namespace Plugboard.Testing;

/// <summary>A network namespace with a mount table of its own: what is mounted inside is seen by nobody else and gone with it.</summary>
public class TestMachine : TestNamespace
{
    public TestMachine()
        : base(Sched.CLONE_FS | Sched.CLONE_NEWNS | Sched.CLONE_NEWNET)
    {
        Tool("mount --make-rprivate /");
        // /sys shows the network namespace of whoever mounted it.
        Tool("mount -t sysfs sysfs /sys");
    }
}
