using Plugboard.Linux;
using Plugboard.Linux.Files;
using static Tmds.Linux.LibC;

namespace Plugboard.Testing;

/// <summary>
/// A network namespace with a mount table of its own: what is mounted inside is invisible to other processes and gone with it. /run is
/// empty: locks and records of the machine's own are neither seen nor touched.
/// </summary>
public class TestMachine : TestNamespace
{
    private readonly FileDescriptor mounts;

    public TestMachine()
        : base(CLONE_FS | CLONE_NEWNS | CLONE_NEWNET)
    {
        mounts = Run(static () =>
        {
            Mount("none", "/", null, MS_REC | MS_PRIVATE);
            // /sys shows the network namespace of the process that mounted it.
            Mount("sysfs", "/sys", "sysfs");
            Mount("run", "/run", "tmpfs");
            return FileDescriptor.OpenKernelFile("/proc/thread-self/ns/mnt");
        });
    }

    /// <summary>Runs on a thread of its own that has entered the machine: as many at once as a test likes.</summary>
    public T RunBeside<T>(Func<T> inside)
    {
        var result = default(T);
        var failures = new Failures();
        var thread = new Thread(() =>
            failures.Try(() =>
            {
                // A thread that shares its root directory with others cannot change its mounts.
                if (unshare(CLONE_FS) < 0 || setns(mounts.Number, CLONE_NEWNS) < 0)
                    throw ErrnoException.Last("setns", "a test's mounts");
                using var entered = Namespace.Enter();
                result = inside();
            })
        );
        thread.Start();
        thread.Join();
        failures.ThrowIfAny();
        return result!;
    }

    /// <summary>
    /// Mounts, on a thread inside. By the call itself: most tests make a machine, and to execute mount(8) takes longer than the rest of it.
    /// </summary>
    public static void Mount(string source, string target, string? type, ulong flags = 0, string? data = null)
    {
        if (Linux.LibC.Mount.Classic(source, target, type, flags, data) < 0)
            throw ErrnoException.Last("mount", target);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            mounts.Dispose();
    }
}
