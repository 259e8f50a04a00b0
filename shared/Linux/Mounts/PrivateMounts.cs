using Plugboard.Linux.LibC;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Linux.Mounts;

/// <summary>
/// Work in a mount namespace that nobody else sees and that ends with it: a copy of this process's, where what is mounted stays. It runs on
/// a thread of its own that never comes back; descriptors are the process's, so what the work opens it can hand out.
/// </summary>
internal static class PrivateMounts
{
    /// <summary>Runs the work and returns its result; its exception is thrown here as it was.</summary>
    public static T Run<T>(Func<T> work) => NamespaceThread.RunAfter(Enter, work);

    private static void Enter()
    {
        if (Sched.Unshare(Sched.CLONE_NEWNS) < 0)
            throw ErrnoException.Last("unshare", "mounts");
        // The copies still tell the mounts they are copies of what is mounted on them.
        if (Mount.Classic("none", "/", null, Mount.MS_REC | Mount.MS_PRIVATE, null) < 0)
            throw ErrnoException.Last("mount", "/");
    }
}
